/** What `fogrun check` says of mistakes about devices and their sensors, with the kinds there really are. */
import test from 'ava';
import { kinds } from '../../machines/index.ts';
import { checkPipeline } from '../../src/pipeline/check.ts';

function problemsOf(poller: string): string[] {
  const text = [
    'fogrun: 1',
    'pipeline: p',
    'store: { path: s }',
    'actors:',
    `  p: { kind: sensor-poller, ${poller}, to: r }`,
    '  r: { kind: file-rotator, to: u }',
    '  u: { kind: uploader, cloud: { host: localhost }, to: a }',
    '  a: { kind: ack-handler }',
  ].join('\n');
  const { problems } = checkPipeline({ file: 'a.yaml', text }, { kinds, variables: {}, cwd: '/srv' });
  return problems.map(({ path, message, hint }) => `${path}: ${message}${hint ? ` (${hint})` : ''}`);
}

test('mistakes about sensors are named where they stand, with what was meant', (t) => {
  const named = (poller: string) => problemsOf(`device: { type: co2 }, ${poller}`);
  t.deepEqual(named('sensors: [co2, { sensor: temperature, as: room }]'), []);
  t.deepEqual(named('sensors: [pressure]'), [
    'actors.p.sensors[0]: a device of type co2 has no pressure; it has co2, temperature, humidity',
  ]);
  t.deepEqual(named('sensors: [{ sensor: co2, a: room }]'), [
    'actors.p.sensors[0].a: unknown key (did you mean `as`?)',
  ]);
  t.regex(
    named('sensors: [{ senso: co2 }]').join('\n'),
    /sensors\[0\]\.senso: unknown key \(did you mean `sensor`\?\)/,
  );
  t.regex(named('sensors: [co]').join('\n'), /got `co` \(did you mean `co2`\?\)/);
  t.regex(named('sensor: x').join('\n'), /actors\.p\.sensor: names one sensor, but this poller reads co2, /);
  t.regex(problemsOf('device: { type: barometr }').join('\n'), /did you mean `barometer`\?/);
});
