//! A queue that signal handlers fill, which never waits and never runs full.
//!
//! Handlers run in any thread at any moment, also on top of each other, so that none may wait for another or allocate by
//! `malloc`. Records go to chunks of memory that are mapped by the system when one is full: mmap(2) is a bare system call.
//! A place in a chunk is claimed by counting up, which is also the order in which records are read.

use super::info::Record;
use std::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering},
};

/// How many bytes are mapped at once.
const BYTES: usize = 8192;
const CELLS: usize = (BYTES - 2 * size_of::<usize>()) / size_of::<Cell>();

/// All zeros are a chunk of which no place is claimed.
struct Chunk {
    /// How many places were asked for, which may be more than there are.
    claimed: AtomicUsize,
    next: AtomicPtr<Chunk>,
    cells: [Cell; CELLS],
}

struct Cell {
    state: AtomicU8,
    record: UnsafeCell<MaybeUninit<Record>>,
}

impl Cell {
    const EMPTY: u8 = 0;
    const WRITTEN: u8 = 1;
    /// Read, taken back by its writer, or refused to it.
    const GONE: u8 = 2;

    /// Whether this call has changed the state.
    fn change(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// What has become of a record.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Push {
    Done,
    /// Nobody reads it: the queue was closed meanwhile.
    Refused,
    NoMemory,
}

/// The end that handlers write to.
#[derive(Debug)]
pub(super) struct Queue {
    tail: AtomicPtr<Chunk>,
    /// How many handlers may know a chunk that is not the last any more.
    pushing: AtomicUsize,
    /// An empty chunk that saves a handler from mapping one, or null.
    spare: AtomicPtr<Chunk>,
}

/// The end that is read, by one thread at a time.
#[derive(Debug)]
pub(super) struct Reader {
    head: NonNull<Chunk>,
    next: usize,
    /// Chunks that were read, which some handler may still know.
    retired: Vec<NonNull<Chunk>>,
}

// SAFETY: the reader owns what it points to, with the queue; another thread can take over.
unsafe impl Send for Reader {}

impl Queue {
    /// `None`: there is no memory.
    pub(super) fn new() -> Option<(Self, Reader)> {
        let first = map()?;
        let queue = Self {
            tail: AtomicPtr::new(first.as_ptr()),
            pushing: AtomicUsize::new(0),
            spare: AtomicPtr::new(ptr::null_mut()),
        };
        Some((queue, Reader { head: first, next: 0, retired: Vec::new() }))
    }

    /// Adds a record. For signal handlers. A queue that is closed stays so; what was added before that can be read.
    pub(super) fn push(&self, record: Record, is_closed: impl Fn() -> bool) -> Push {
        self.pushing.fetch_add(1, Ordering::SeqCst);
        let done = self.push_counted(record, is_closed);
        self.pushing.fetch_sub(1, Ordering::SeqCst);
        done
    }

    fn push_counted(&self, record: Record, is_closed: impl Fn() -> bool) -> Push {
        loop {
            let tail = self.tail.load(Ordering::SeqCst);
            // SAFETY: a chunk is unmapped when it is not the last any more and nobody pushes; this thread does.
            let chunk = unsafe { &*tail };
            let place = chunk.claimed.fetch_add(1, Ordering::SeqCst);
            if let Some(cell) = chunk.cells.get(place) {
                // SAFETY: the place was given to this caller alone, and is not read before it says that it is written.
                unsafe { (*cell.record.get()).write(record) };
                let is_written = cell.change(Cell::EMPTY, Cell::WRITTEN);
                // Whoever has closed the queue since may have read the last record before this one was there.
                let is_refused = !is_written || is_closed() && cell.change(Cell::WRITTEN, Cell::GONE);
                return if is_refused { Push::Refused } else { Push::Done };
            }
            let Some(next) = self.after(chunk) else { return Push::NoMemory };
            // Another may have done it, here or in the reader.
            let _ = self.tail.compare_exchange(tail, next.as_ptr(), Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// The chunk after a full one, which is made if it is not there.
    fn after(&self, chunk: &Chunk) -> Option<NonNull<Chunk>> {
        if let Some(next) = NonNull::new(chunk.next.load(Ordering::Acquire)) {
            return Some(next);
        }
        let spare = NonNull::new(self.spare.swap(ptr::null_mut(), Ordering::AcqRel));
        let new = spare.or_else(map)?;
        match chunk.next.compare_exchange(ptr::null_mut(), new.as_ptr(), Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => Some(new),
            Err(others) => {
                self.keep(new);
                NonNull::new(others)
            }
        }
    }

    /// Takes an empty chunk that nobody else knows for the next time, or unmaps it.
    fn keep(&self, chunk: NonNull<Chunk>) {
        let spare = &self.spare;
        let kept =
            spare.compare_exchange(ptr::null_mut(), chunk.as_ptr(), Ordering::AcqRel, Ordering::Relaxed);
        if kept.is_err() {
            unmap(chunk);
        }
    }

    /// The next record. `None`: there is none, or the next is being written, which its writer tells afterwards. Of a queue
    /// that is closed, what is being written is refused, so that `None` is the end. The reader must be the one that was made
    /// with the queue.
    pub(super) fn pop(&self, reader: &mut Reader, is_closed: bool) -> Option<Record> {
        loop {
            if reader.next == CELLS {
                self.retire(reader)?;
            }
            let chunk = reader.chunk();
            let cell = &chunk.cells[reader.next];
            let mut record = None;
            match cell.state.load(Ordering::SeqCst) {
                Cell::EMPTY if !is_closed || reader.next >= chunk.claimed.load(Ordering::SeqCst) => {
                    return None;
                }
                // Its writer finds it refused.
                Cell::EMPTY if cell.change(Cell::EMPTY, Cell::GONE) => {}
                // It is written by now.
                Cell::EMPTY => continue,
                Cell::WRITTEN => {
                    // SAFETY: nobody writes it again before the chunk was emptied.
                    let written = unsafe { *cell.record.get() };
                    // SAFETY: it is written.
                    let written = unsafe { written.assume_init() };
                    record = cell.change(Cell::WRITTEN, Cell::GONE).then_some(written);
                }
                _ => {}
            }
            reader.next += 1;
            if record.is_some() {
                return record;
            }
        }
    }

    /// Goes on to the next chunk, and gives back those that nobody can know any more.
    fn retire(&self, reader: &mut Reader) -> Option<()> {
        let read = reader.head;
        let next = NonNull::new(reader.chunk().next.load(Ordering::Acquire))?;
        // Whoever made the next chunk may not have said so yet.
        let _ = self.tail.compare_exchange(read.as_ptr(), next.as_ptr(), Ordering::SeqCst, Ordering::SeqCst);
        reader.retired.push(read);
        (reader.head, reader.next) = (next, 0);
        // None of the retired is the last, so that who begins to push from now on does not find them.
        if self.pushing.load(Ordering::SeqCst) == 0 {
            for chunk in reader.retired.drain(..) {
                // SAFETY: the chunk is mapped, and nobody else knows it; all zeros are an empty one.
                unsafe { ptr::write_bytes(chunk.as_ptr(), 0, 1) };
                self.keep(chunk);
            }
        }
        Some(())
    }

    /// Whether nothing can be read, for now.
    pub(super) fn is_empty(&self, reader: &Reader) -> bool {
        match reader.chunk().cells.get(reader.next) {
            Some(cell) => cell.state.load(Ordering::SeqCst) == Cell::EMPTY,
            None => reader.chunk().next.load(Ordering::SeqCst).is_null(),
        }
    }

    /// Unmaps everything. No handler knows the queue any more, and nobody calls `pop` again.
    pub(super) fn free(&mut self, reader: &mut Reader) {
        let mut left: Vec<_> = reader.retired.drain(..).collect();
        left.extend(NonNull::new(*self.spare.get_mut()));
        let mut chunk = Some(reader.head);
        while let Some(here) = chunk {
            // SAFETY: still mapped.
            chunk = NonNull::new(unsafe { here.as_ref() }.next.load(Ordering::Acquire));
            left.push(here);
        }
        left.into_iter().for_each(unmap);
    }
}

impl Reader {
    fn chunk(&self) -> &Chunk {
        // SAFETY: the head stays mapped until this reader goes on from it.
        unsafe { self.head.as_ref() }
    }
}

fn map() -> Option<NonNull<Chunk>> {
    use rustix::mm::{MapFlags, ProtFlags};
    const { assert!(size_of::<Chunk>() <= BYTES) };
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping, which touches no memory that is in use. It is filled with zeros.
    let memory = unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), BYTES, access, MapFlags::PRIVATE) };
    NonNull::new(memory.ok()?.cast())
}

fn unmap(chunk: NonNull<Chunk>) {
    // SAFETY: made by `map`, and nobody knows it any more.
    let _ = unsafe { rustix::mm::munmap(chunk.as_ptr().cast(), BYTES) };
}

#[cfg(test)]
mod tests {
    use super::{CELLS, Push, Queue, Record};
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        thread,
    };

    fn record(writer: usize, number: usize) -> Record {
        let nothing = Record { signal: 0, code: 0, pid: 0, uid: 0, status: 0, value: 0, address: 0 };
        Record { pid: writer as i32, value: number, ..nothing }
    }

    #[test]
    fn what_is_read_at_once_takes_no_room() {
        let (mut queue, mut reader) = Queue::new().unwrap();
        assert!(queue.pop(&mut reader, false).is_none());
        assert!(queue.is_empty(&reader));
        for number in 0..10 * CELLS {
            assert_eq!(queue.push(record(0, number), || false), Push::Done);
            assert!(!queue.is_empty(&reader));
            assert_eq!(queue.pop(&mut reader, false), Some(record(0, number)));
            assert!(queue.pop(&mut reader, false).is_none());
            assert!(queue.is_empty(&reader));
        }
        assert!(reader.retired.is_empty(), "chunks are used again");
        // However many are not.
        (0..3 * CELLS).for_each(|number| assert_eq!(queue.push(record(1, number), || false), Push::Done));
        (0..3 * CELLS).for_each(|number| assert_eq!(queue.pop(&mut reader, false), Some(record(1, number))));
        assert!(queue.pop(&mut reader, false).is_none());
        queue.free(&mut reader);
    }

    #[test]
    fn everything_comes_once_and_in_each_writers_order() {
        const WRITERS: usize = 4;
        const EACH: usize = 50 * CELLS + 7;
        let (queue, mut reader) = Queue::new().unwrap();
        let queue = Arc::new(queue);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    for number in 0..EACH {
                        assert_eq!(queue.push(record(writer, number), || false), Push::Done);
                    }
                })
            })
            .collect();
        let mut next = [0; WRITERS];
        while next != [EACH; WRITERS] {
            let Some(record) = queue.pop(&mut reader, false) else {
                thread::yield_now();
                continue;
            };
            let writer = record.pid as usize;
            assert_eq!(record.value, next[writer]);
            next[writer] += 1;
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        assert!(queue.is_empty(&reader));
        assert!(queue.pop(&mut reader, false).is_none());
        Arc::into_inner(queue).unwrap().free(&mut reader);
    }

    #[test]
    fn what_comes_while_it_is_closed_is_read_or_refused() {
        for round in 0..100 {
            let (mut queue, mut reader) = Queue::new().unwrap();
            let closed = AtomicBool::new(false);
            let is_closed = || closed.load(Ordering::SeqCst);
            let mut read = 0;
            let pushed: usize = thread::scope(|scope| {
                let queue = &queue;
                let write = move || {
                    let mut pushed = 0;
                    while !is_closed() && queue.push(record(0, 0), is_closed) == Push::Done {
                        pushed += 1;
                    }
                    pushed
                };
                let writers = [(); 3].map(|()| scope.spawn(write));
                while read < round {
                    read += usize::from(queue.pop(&mut reader, false).is_some());
                }
                closed.store(true, Ordering::SeqCst);
                while queue.pop(&mut reader, true).is_some() {
                    read += 1;
                }
                writers.into_iter().map(|writer| writer.join().unwrap()).sum()
            });
            assert_eq!(read, pushed);
            queue.free(&mut reader);
        }
    }
}
