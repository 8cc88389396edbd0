// winio serve PATH: returns to one client what it sends. winio call PATH: sends a megabyte to such a server and compares.
// For peer.rs at the other end. The server's pipe has go-winio's defaults: buffers of size 0.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/Microsoft/go-winio"
)

const limit = 60 * time.Second

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: winio serve|call PATH"))
	}
	time.AfterFunc(limit, func() { fail(errors.New("out of time")) })
	role := call
	if os.Args[1] == "serve" {
		role = serve
	}
	if err := role(os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "winio:", err)
	os.Exit(1)
}

func serve(path string) error {
	listener, err := winio.ListenPipe(path, nil)
	if err != nil {
		return err
	}
	defer listener.Close()
	stream, err := listener.Accept()
	if err != nil {
		return err
	}
	defer stream.Close()
	_, err = io.Copy(stream, stream)
	return err
}

func call(path string) error {
	stream, err := dial(path)
	if err != nil {
		return err
	}
	defer stream.Close()
	sent := make([]byte, 1<<20)
	for i := range sent {
		sent[i] = byte(i*31 + i>>8)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := stream.Write(sent)
		failed <- err
	}()
	received := make([]byte, len(sent))
	if _, err := io.ReadFull(stream, received); err != nil {
		return err
	}
	if err := <-failed; err != nil {
		return err
	}
	if !bytes.Equal(sent, received) {
		return errors.New("the answer differs")
	}
	return nil
}

// dial waits for a server that is still starting.
func dial(path string) (net.Conn, error) {
	timeout := limit / 2
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		stream, err := winio.DialPipe(path, &timeout)
		if !errors.Is(err, os.ErrNotExist) || time.Since(begun) > timeout {
			return stream, err
		}
	}
}
