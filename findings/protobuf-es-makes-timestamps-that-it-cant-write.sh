#!/usr/bin/env bash
# timestampFromMs of protobuf-es makes messages that protobuf-es can't write, when it is given a fraction of a millisecond.
#
# It takes a number of milliseconds since 1970, and performance.timeOrigin + performance.now(), Node's precise clock, is one with
# a fraction. With @bufbuild/protobuf 2.17.0 the rest of the second becomes `nanos` as it is, times a million: a number that is
# not whole unless the fraction happens to be a sum of a few powers of two. The message looks right, and timestampDate and toJson
# take it. toBinary refuses it, so a call with it fails, far from where the number came in, and only now and then. Rounding to
# whole milliseconds first helps.
#
# Prints what it sees, and fails when that is something else. No server; needs Node with npm; some seconds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts "@bufbuild/protobuf@2.17.0"
cat >look.js <<'JS'
import { toBinary, toJson } from "@bufbuild/protobuf";
import { TimestampSchema, timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";

const tried = (act) => {
  try {
    act();
    return "works";
  } catch (error) {
    return `throws ${error.name}`;
  }
};
const seen = [];
for (const milliseconds of [1795967738701, 1795967738701.5, 1795967738701.3, 1795967738701.0278]) {
  const made = timestampFromMs(milliseconds);
  const reads = tried(() => timestampDate(made).toISOString());
  const writes = tried(() => toBinary(TimestampSchema, made));
  seen.push(`${milliseconds}: nanos ${made.nanos}, timestampDate ${reads}, toBinary ${writes}, toJson ${tried(() => toJson(TimestampSchema, made))}`);
}
console.log(seen.join("\n"));
JS
node look.js | tee seen
diff - seen <<'EXPECTED' || { echo "this is something else than what was seen before" >&2; exit 1; }
1795967738701: nanos 701000000, timestampDate works, toBinary works, toJson works
1795967738701.5: nanos 701500000, timestampDate works, toBinary works, toJson works
1795967738701.3: nanos 701300048.828125, timestampDate works, toBinary throws Error, toJson works
1795967738701.0278: nanos 701027832.03125, timestampDate works, toBinary throws Error, toJson works
EXPECTED
