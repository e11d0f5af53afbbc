/** A process in which everything was tried and closed must end by itself: nothing holds it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';

const client = new URL('../../src/devices/client.js', import.meta.url).href;
const emulator = new URL('../../src/devices/emulator/server.js', import.meta.url).href;

const script = `
import { createServer } from 'node:net';
import { once } from 'node:events';
import { connectDevice, listDevices } from '${client}';
import { startEmulator } from '${emulator}';
const clock = {
  now: Date.now, monotonic: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs), clearTimeout: (timer) => clearTimeout(timer),
};
const random = { next: Math.random, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
const wish = { type: 'barometer', sensors: ['pressure'] };
const env = () => ({ clock, signal: new AbortController().signal });
const devices = [{ type: 'barometer', uid: 'abc', pressure: { shape: 'const', value: 1000 } }];
const options = { host: '127.0.0.1', port: 0, secret: '', devices };
const open = await startEmulator(options, { clock, random });
const shut = await startEmulator({ ...options, secret: 'sesame' }, { clock, random });
const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
await once(mute, 'listening');
// Deadlines are a minute long: what is left of any would hold the process that long.
const target = (port, more) => ({ host: '127.0.0.1', port, uid: '', secret: '', timeoutMs: 60_000, ...more });
const connect = (port, more) => connectDevice(target(port, more), wish, env());
const seen = [];
const fails = (attempt) => attempt.then(() => seen.push('connected'), (error) => seen.push(error.code));
for (let i = 0; i < 20; i++) {
  const device = await connect(open.port, { uid: 'abc' });
  await device.read();
  device.close();
}
await listDevices(target(open.port), env());
await fails(connect(open.port, { uid: 'zz' }));
await fails(connect(open.port, { uid: 'FogEm' }));
await fails(connect(open.port, { secret: 'other' }));
await fails(connect(shut.port, { secret: 'other' }));
await fails(connect(1));
await fails(connect(mute.address().port, { timeoutMs: 50 }));
const abort = new AbortController();
const given = connectDevice(target(mute.address().port), wish, { clock, signal: abort.signal });
setImmediate(() => abort.abort());
await fails(given);
const pending = await connect(open.port, { uid: 'abc' });
const read = pending.read();
pending.close();
await fails(read);
const left = await connect(open.port, { uid: 'abc' });
const lost = new Promise((resolve) => left.onLost(resolve));
await open.close();
await lost;
await shut.close();
mute.close();
console.log(seen.join(' '));
`;

test('no socket and no timer is left after every way a connection can end', async (t) => {
  const child = spawn(
    process.execPath,
    ['--unhandled-rejections=strict', '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const startedMs = performance.now();
  let out = '';
  let errors = '';
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  const [code] = await once(child, 'close');
  t.is(errors, '');
  t.is(code, 0);
  t.is(
    out.trim(),
    'device-unknown device-type device-secret device-secret device-unreachable device-silent ' +
      'device-unreachable device-unreachable',
  );
  t.true(performance.now() - startedMs < 30_000);
});
