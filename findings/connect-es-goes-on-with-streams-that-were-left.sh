#!/usr/bin/env bash
# Leaving a `for await` over a server stream of connect-es leaves the call going.
#
# `break`, `return` or an exception in the body of a `for await` calls the iterator's return(), by which generators and Node's
# streams let go of what they hold (ECMAScript, AsyncIteratorClose). The iterators of @connectrpc/connect 2.1.2 have no return():
# nothing tells the server, whose handler goes on as long as the connection, and flow control, let it. A client that takes the
# first element of a feed and leaves has one stream more each time. The timer of `timeoutMs` goes on, too, and keeps the process
# alive until then. Aborting a signal of one's own ends the call, but not that timer.
#
# Prints what it sees, and fails when that is something else. Client and server are in one process; needs Node with npm.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  "@bufbuild/protobuf@2.17.0" "@connectrpc/connect@2.1.2" "@connectrpc/connect-node@2.1.2"
cat >look.js <<'JS'
import { once } from "node:events";
import http2 from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, file_google_protobuf_wrappers } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

// service Counting { rpc Count(google.protobuf.Int32Value) returns (stream google.protobuf.Int32Value); }
const type = ".google.protobuf.Int32Value";
const method = { name: "Count", inputType: type, outputType: type, serverStreaming: true };
const file = create(FileDescriptorProtoSchema, {
  name: "counting.proto",
  package: "example",
  syntax: "proto3",
  dependency: ["google/protobuf/wrappers.proto"],
  service: [{ name: "Counting", method: [method] }],
});
const Counting = createFileRegistry(file, (name) => file_google_protobuf_wrappers.proto.name === name ? file_google_protobuf_wrappers : undefined)
  .getService("example.Counting");

let sent, ended;
const routes = (router) => router.service(Counting, {
  async *count(_, { signal }) {
    [sent, ended] = [0, false];
    try {
      for (; !signal.aborted; await pause(5)) yield { value: ++sent };
    } finally {
      ended = true;
    }
  },
});
const server = http2.createServer(connectNodeAdapter({ routes }));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const baseUrl = `http://127.0.0.1:${server.address().port}`;
const sessionManager = new Http2SessionManager(baseUrl);
const client = createClient(Counting, createGrpcTransport({ baseUrl, sessionManager }));

async function leave(how) {
  const own = new AbortController();
  for await (const _ of client.count({}, { signal: own.signal })) break;
  if (how === "break and abort") own.abort();
  const before = sent;
  for (let waited = 0; waited < 200 && !ended && sent < before + 50; waited += 1) await pause(5);
  const seen = `${how}: ${ended ? "the server's handler ended" : "the server went on sending"}`;
  own.abort();
  while (!ended) await pause(5);
  return seen;
}
console.log(await leave("break"));
console.log(await leave("break and abort"));

const timers = () => process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;
const before = timers();
const own = new AbortController();
for await (const _ of client.count({}, { timeoutMs: 3_600_000, signal: own.signal })) break;
own.abort();
while (!ended) await pause(5);
console.log(`timers of an hour that are left after an abort: ${timers() - before}`);
process.exit();
JS
node look.js | tee seen
diff - seen <<'EXPECTED' || { echo "this is something else than what was seen before" >&2; exit 1; }
break: the server went on sending
break and abort: the server's handler ended
timers of an hour that are left after an abort: 1
EXPECTED
