import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type LogLine, moved, startFogrun, temporaryDirectory, world } from '../helpers/fogrun.ts';

const secret = 'br1ckd-s3cret';
const pipeline = (store: string) => `fogrun: 1
pipeline: edge
store: { path: "${store}", max: 64MiB, when-full: block }
actors:
  barometer:
    kind: sensor-poller
    process: sensors
    device: { host: 127.0.0.1, port: 1, uid: bAr, secret: ${secret} }
    retry: { every: 100ms }
    to: rotator
  rotator: { kind: file-rotator, to: uploader }
  uploader: { kind: uploader, cloud: { host: 127.0.0.1, port: 1 }, to: acks }
  acks: { kind: ack-handler }
`;

test('a process that an uncaught error ends prints no secret: not in the log, and not in the stack', async (t) => {
  const directory = await temporaryDirectory(t);
  const file = join(directory, 'edge.yaml');
  await writeFile(file, pipeline(join(directory, 'edge')));
  const code = `
    process.on('SIGUSR2', () => { throw new Error('${secret} was refused') });
    if (process.env.FOGRUN_PLACED_NAME) console.error('placed in', process.pid);
  `;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  const fogrun = startFogrun(t, [file, '--log', 'json'], { ...(await world(t)), NODE_OPTIONS });
  await fogrun.line(moved('barometer', 'waitingToRetry'));
  const placed = /placed in (\d+)\n/;
  await fogrun.said(placed);
  process.kill(Number(placed.exec(fogrun.stderr())![1]), 'SIGUSR2');
  const isToldOf = ({ cause = '' }: LogLine) => cause.includes('*** was refused');
  await fogrun.line((line) => line.actor === 'process/sensors' && isToldOf(line));
  await fogrun.line((line) => line.actor === 'barometer' && isToldOf(line));
  await fogrun.line(
    moved('barometer', 'waitingToRetry'),
    fogrun.lines.findIndex(moved('process/sensors', 'alive.waitingToRestart')),
  );
  fogrun.child.kill('SIGUSR2');
  t.is((await fogrun.ended).code, 1);
  t.true(
    fogrun.lines.some(({ type, message }) => type === 'problem' && message === 'Error: *** was refused'),
  );
  t.is(fogrun.stderr().split('Error: *** was refused\n    at ').length, 3);
  const printed = JSON.stringify(fogrun.lines) + fogrun.stderr();
  // The warning about what stands in the file does not repeat it.
  t.false(printed.includes(secret));
});
