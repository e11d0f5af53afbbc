import { readFileSync } from 'node:fs';
import test from 'ava';
import { z } from 'zod';
import { makeForecast, unknownSite } from '../../src/domain/forecast.ts';
import type { ForecastMessage } from '../../src/domain/message.ts';
import { decodeMessage, decodeMessages, encodeJson } from '../../src/link/json.ts';
import { forecast as old } from './fixtures.ts';

/** A forecast with all fields, as the cloud makes it. */
function whole(): ForecastMessage {
  const timeMs = Date.UTC(2030, 0, 1);
  const means = Array.from({ length: 13 }, (_, i) => ({
    timeMs: timeMs - i * 900_000,
    mean: 1000 + i / 10,
    readings: 1,
  }));
  const own = { device: 'd', mean: 1000, unit: 'hPa', readings: 1, timeMs, simulated: false };
  const site = { ...unknownSite, altitudeM: 98 };
  return { ...old, forecast: makeForecast(own, means, { sensor: 'pressure', site }) };
}

const later = ['altitude', 'seaLevel', 'characteristic', 'zambretti', 'confidence'] as const;

/** What edges of the first release check, kept as it was. */
const firstRelease = z.object({
  type: z.literal('forecast'),
  stream: z.string().max(64),
  sequence: z.number().int().min(1),
  forecast: z.object({
    sensor: z.string().max(128),
    readings: z.number().int().min(0),
    mean: z.number().nullable(),
    unit: z.string().max(32),
    tendency: z.number().nullable(),
    tendencyWord: z.string().max(64).nullable(),
    spanMs: z.number().int().min(0),
    text: z.string().max(1_024),
  }),
});

const reencoded = (value: object) => Buffer.from(JSON.stringify(value));

test('a forecast with all fields arrives as it was made', (t) => {
  const message = whole();
  for (const key of later) t.true(key in message.forecast, key);
  t.deepEqual(decodeMessage(encodeJson(message)), message);
  t.deepEqual(decodeMessages(reencoded([message, message])), [message, message]);
});

test('however a device writes its unit, the edge is told the mean', (t) => {
  const own = { device: 'd', mean: 7, readings: 1, timeMs: 0, simulated: false };
  for (const unit of ['', 'µg/m³', 'x'.repeat(33), '😀'.repeat(50_000)]) {
    const forecast = makeForecast({ ...own, unit }, [], { sensor: 'pressure' });
    const message = { ...old, forecast };
    t.deepEqual(decodeMessage(encodeJson(message)), message, unit.slice(0, 40));
  }
});

test('an edge of the first release understands a cloud of today', (t) => {
  const { data } = firstRelease.safeParse(JSON.parse(Buffer.from(encodeJson(whole())).toString()));
  t.truthy(data);
  t.like(data, { forecast: { mean: 1000, tendencyWord: 'falling slowly' } });
  t.deepEqual(
    later.filter((key) => key in data!.forecast),
    [],
  );
});

test('an edge of today understands a cloud of the first release, and misses nothing that is not there', (t) => {
  const decoded = decodeMessage(encodeJson(old));
  t.deepEqual(decoded, old);
  t.deepEqual(
    later.filter((key) => key in decoded!.forecast),
    [],
  );
});

test('fields of a cloud to come are ignored, at every level', (t) => {
  const message = whole();
  const { forecast } = message;
  const more = {
    ...message,
    mood: 1,
    forecast: { ...forecast, dewPoint: 4, zambretti: { ...forecast.zambretti, icon: 'sun' } },
  };
  t.deepEqual(decodeMessage(reencoded(more)), message);
});

test('a later field that is not as expected is as good as missing, and costs nothing else', (t) => {
  const message = whole();
  const wrong: readonly (readonly [(typeof later)[number], unknown])[] = [
    ['altitude', 'high'],
    ['seaLevel', null],
    ['characteristic', { code: 9, text: 'x' }],
    ['characteristic', { code: 1 }],
    ['zambretti', { letter: 'É', number: 1, text: 'x' }],
    ['zambretti', { letter: 'A', number: 33, text: 'x' }],
    ['zambretti', { letter: 'A', number: 1, text: 'x'.repeat(65) }],
    ['confidence', { hasMs: -1, needsMs: 1 }],
    ['confidence', []],
  ];
  for (const [key, value] of wrong) {
    const { [key]: _, ...rest } = message.forecast;
    const decoded = decodeMessage(reencoded({ ...message, forecast: { ...message.forecast, [key]: value } }));
    t.deepEqual(decoded, { ...message, forecast: rest }, key);
  }
});

test('a field of the first release that is missing or wrong still costs the message', (t) => {
  const message = whole();
  const { spanMs: _, ...rest } = message.forecast;
  t.is(decodeMessage(reencoded({ ...message, forecast: rest })), null);
  t.is(decodeMessage(reencoded({ ...message, forecast: { ...message.forecast, text: 5 } })), null);
});

test('texts of later fields are escaped too', (t) => {
  const message = whole();
  const zambretti = { letter: 'A', number: 1, text: 'rain\u001b[2J' };
  const characteristic = { code: 2, text: 'up\u202e' };
  const decoded = decodeMessage(
    reencoded({ ...message, forecast: { ...message.forecast, zambretti, characteristic } }),
  );
  t.is(decoded!.forecast.zambretti!.text, 'rain\\u001b[2J');
  t.is(decoded!.forecast.characteristic!.text, 'up\\u202e');
});

test('the example of docs/link-protocol.md is understood whole', (t) => {
  const [, example] = /```json\n(\{"type":"forecast"[^`]*)```/.exec(
    readFileSync('docs/link-protocol.md', 'utf8'),
  )!;
  t.deepEqual(decodeMessage(Buffer.from(example!)) as unknown, JSON.parse(example!));
});
