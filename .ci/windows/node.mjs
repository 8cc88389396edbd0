// node.mjs serve PATH: returns to one client what it sends. node.mjs call PATH: sends a megabyte to such a server and
// compares. For peer.rs at the other end.
import net from "node:net";

const [role, path] = process.argv.slice(2);
setTimeout(() => fail("out of time"), 60_000).unref();

function fail(reason) {
  console.error(`node: ${reason}`);
  process.exit(1);
}

if (role === "serve") {
  const server = net.createServer((stream) => {
    stream.on("error", fail);
    stream.pipe(stream);
    server.close();
  });
  server.on("error", fail);
  server.listen(path);
} else {
  const sent = Buffer.from(Array.from({ length: 1 << 20 }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
  connect(Date.now() + 30_000);

  function connect(deadline) {
    const stream = net.connect(path);
    let received = Buffer.alloc(0);
    stream.on("connect", () => stream.write(sent));
    stream.on("data", (part) => {
      received = Buffer.concat([received, part]);
      if (received.length >= sent.length) stream.end();
    });
    stream.on("close", (hadError) => {
      if (!hadError && !received.equals(sent)) fail("the answer differs");
    });
    stream.on("error", (error) => {
      // The server is still starting.
      if (error.code !== "ENOENT" || Date.now() > deadline) fail(error);
      setTimeout(connect, 20, deadline);
    });
  }
}
