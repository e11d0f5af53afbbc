import test from 'ava';
import fc from 'fast-check';
import type { StateRecord } from '../../src/contract/fleet.ts';
import {
  decodeRecord,
  encodeState,
  encodeStatus,
  type StatusRecord,
} from '../../src/contract/state-records.ts';
import { numberLines } from '../../src/domain/reading.ts';

const lost: StateRecord = {
  actor: 'uploader',
  timeMs: Date.UTC(2026, 10, 23, 13, 35, 14, 336),
  from: 'idle',
  to: 'waitingToRetry',
  event: 'LOST',
  health: 'trouble',
  cause: 'link-lost: the cloud is gone',
  attempt: 1,
  retryInMs: 826,
};
const word: StatusRecord = {
  timeMs: lost.timeMs,
  reason: 'mended',
  version: '0.1.0',
  backlog: { readings: 3, bytes: 381, oldestMs: lost.timeMs - 5_000 },
  actors: [{ actor: 'uploader', state: 'idle', health: 'well', sinceMs: lost.timeMs, cause: null }],
};
const stored = (text: string, seq = 7) => Buffer.from(numberLines(Buffer.from(text), 1, seq)).toString();

test('a transition and a word on the whole are readings like any other, and come back as they were', (t) => {
  t.is(
    stored(encodeState(lost)),
    '{"seq":7,"device":"uploader","sensor":"state","time":"2026-11-23T13:35:14.336Z","value":' +
      '{"from":"idle","to":"waitingToRetry","event":"LOST","health":"trouble","cause":"link-lost: the cloud is gone","attempt":1,"retryInMs":826}}\n',
  );
  t.deepEqual(decodeRecord(stored(encodeState(lost))), { type: 'state', seq: 7, record: lost });
  const well = { ...lost, health: 'well', cause: null, attempt: null, retryInMs: null } as const;
  t.deepEqual(decodeRecord(stored(encodeState(well))), { type: 'state', seq: 7, record: well });
  t.deepEqual(decodeRecord(stored(encodeStatus(word))), { type: 'status', seq: 7, record: word });
});

test('an actor of the name `edge` is not taken for the edge as a whole', (t) => {
  const taken = decodeRecord(stored(encodeState({ ...lost, actor: 'edge' })));
  t.is(taken?.type, 'state');
});

test('text that would steer a terminal is made printable on its way in and on its way out, and is cut', (t) => {
  const evil = `\u001b[2J${'x'.repeat(5_000)}`;
  const line = encodeState({ ...lost, actor: evil, from: evil, to: evil, event: evil, cause: evil });
  t.true(line.length < 1_000);
  t.true(String(JSON.parse(line).value.cause).startsWith('\\u001b[2J'), 'as six characters');
  const forged = stored(
    `${JSON.stringify({ device: evil, sensor: 'state', time: '2026-01-01T00:00:00Z', value: { ...lost, cause: evil } })}\n`,
  );
  const taken = decodeRecord(forged);
  if (taken?.type !== 'state') return t.fail();
  t.true(taken.record.actor.length <= 64 && taken.record.cause!.length <= 200);
  t.notRegex(`${taken.record.actor}${taken.record.cause}`, /\u001b/);
});

test('whatever an edge sends under that name, it is a record or nothing', (t) => {
  t.is(
    decodeRecord(stored('{"device":"bAr","sensor":"pressure","time":"2026-01-01T00:00:00Z","value":1}\n')),
    null,
  );
  const value = fc.anything({ maxDepth: 3, withNullPrototype: true });
  fc.assert(
    fc.property(fc.constantFrom('state', 'status'), value, value, value, (sensor, a, time, b) => {
      const said = {
        seq: 1,
        device: sensor === 'status' ? 'edge' : 'x',
        sensor,
        time,
        value: a,
        ...Object(b),
      };
      let text: string;
      try {
        text = JSON.stringify(said);
      } catch {
        return;
      }
      const taken = decodeRecord(text ?? '');
      t.true(taken === null || taken.seq >= 0);
    }),
  );
  t.is(decodeRecord('{"seq":1'), null);
  t.is(decodeRecord('['.repeat(100_000)), null);
});

test('numbers that are no moment and no length are not believed', (t) => {
  const text = (sinceMs: string) =>
    `{"seq":1,"device":"edge","sensor":"status","time":"2026-01-01T00:00:00.000Z","value":{"backlog":{"readings":1,"bytes":1,"oldestMs":${sinceMs}},"actors":{"a":{"state":"s","health":"well","sinceMs":${sinceMs}}}}}`;
  for (const sinceMs of ['1e300', '-1', '8.65e15', 'null', '"1"']) {
    const taken = decodeRecord(text(sinceMs));
    if (taken?.type !== 'status') return t.fail();
    t.is(taken.record.actors[0]!.sinceMs, taken.record.timeMs);
    t.is(taken.record.backlog.oldestMs, null);
  }
});
