#!/usr/bin/env bash
# node-ical ignores a moved occurrence when another one of the same day was changed more often.
#
# Each occurrence of a series is changed by a component of its own, which its RECURRENCE-ID names, time of day included
# (RFC 5545, section 3.8.4.4). SEQUENCE orders the revisions of one component (section 3.8.7.4); two occurrences are two.
# node-ical 0.27.2 keeps them under their instant and under their day. When it finds none under the instant, it takes the
# one under the day for a later revision of it, and drops the new one if its SEQUENCE is lower. Take a series at 09 and 15
# o'clock, whose 09:00 was moved to 11:00 (SEQUENCE:2) and whose 15:00 was moved to 17:00 (SEQUENCE:1). The second is
# still reported at 15:00, and 17:00, which is taken, looks free. In the other order in the file, which has no meaning,
# both are right.
#
# Prints what it sees, and fails when that is something else.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund --ignore-scripts "node-ical@0.27.2" >"$work/npm.log" 2>&1
cat >"$work/seen.cjs" <<'JS'
const ical = require('node-ical');

const head = ['BEGIN:VEVENT', 'UID:series@example.org', 'DTSTAMP:20260101T000000Z'];
const component = (...lines) => [...head, ...lines, 'END:VEVENT'];
const series = component('DTSTART:20260112T090000Z', 'DTEND:20260112T093000Z', 'RRULE:FREQ=DAILY;BYHOUR=9,15', 'SEQUENCE:0');
const moved = (from, to, sequence) => component(
  `RECURRENCE-ID:20260114T${from}0000Z`, `DTSTART:20260114T${to}0000Z`, `DTEND:20260114T${to}3000Z`, `SEQUENCE:${sequence}`);
const morning = moved('09', '11', 2);
const afternoon = moved('15', '17', 1);

console.warn = () => {}; // says that it ignores an older override
function starts(...components) {
  const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...components.flat(), 'END:VCALENDAR', ''];
  const event = ical.sync.parseICS(lines.join('\r\n'))['series@example.org'];
  const day = {from: new Date('2026-01-14T00:00:00Z'), to: new Date('2026-01-14T23:59:59Z')};
  return ical.expandRecurringEvent(event, day).map(instance => instance.start.toISOString().slice(11, 16)).join(' ');
}

const cases = [ // what was tried, what is seen, what the RFC says, what the library says
  ['none moved', starts(series), '09:00 15:00', '09:00 15:00'],
  ['09 moved', starts(series, morning), '11:00 15:00', '11:00 15:00'],
  ['15 and 09 moved', starts(series, afternoon, morning), '11:00 17:00', '11:00 17:00'],
  ['09 and 15 moved', starts(series, morning, afternoon), '11:00 17:00', '11:00 15:00'],
];
console.log('node-ical', require('node-ical/package.json').version);
for (const [tried, seen, right] of cases) {
  console.log(`${tried.padEnd(16)} starts at ${seen}, should be ${right}`);
}
process.exitCode = cases.some(([, seen, , known]) => seen !== known) ? 1 : 0;
JS
TZ=UTC NODE_PATH="$work/node_modules" node "$work/seen.cjs"
