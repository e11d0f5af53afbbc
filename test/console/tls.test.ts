import { X509Certificate } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import type { Report } from '../../src/contract/report.ts';
import { names } from '../../src/link/keys/layout.ts';
import { FakeControl } from '../helpers/fake-control.ts';
import { dayMs, type TestKeys, testKeys } from '../helpers/keys.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { served } from './served.ts';

/** How often it looks at its files, ms. */
const lookMs = 5_000;

/** A console over TLS whose time stands still until somebody moves it. */
async function servedOverTls(t: ExecutionContext, keys: TestKeys, tls: object = { dir: keys.dir }) {
  const clock = createVirtualClock(Date.now());
  const said: string[] = [];
  let wake = () => {};
  const { hub, port } = await served(t, {
    clock,
    tls: { dir: '', cert: '', key: '', ...tls },
    report: (report: Report) => {
      if (report.type === 'note') said.push(report.text);
      wake();
    },
  });
  const ca = await readFile(join(keys.dir, names.ca));
  const to = { host: '127.0.0.1', port, servername: 'localhost', ca };
  return {
    clock,
    hub,
    said,
    async saying(words: RegExp) {
      while (!said.some((text) => words.test(text))) await new Promise<void>((resolve) => (wake = resolve));
    },
    /** Serial number of the certificate that a new visitor sees. */
    shown: () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(to, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        }).once('error', reject);
      }),
    /** A page that stays; resolves to what waits for a word of it. */
    stay: () =>
      new Promise<(word: string) => Promise<void>>((resolve, reject) => {
        const asked = get({ ...to, path: '/api/events', agent: false }, (response) => {
          let text = '';
          let hear = () => {};
          let ended = false;
          response.setEncoding('utf8').on('data', (piece) => {
            text += piece;
            hear();
          });
          response.on('error', () => {});
          response.once('close', () => {
            ended = true;
            hear();
          });
          resolve(async (word) => {
            while (!text.includes(word)) {
              if (ended) throw new Error(`the page ended before it heard of ${word}`);
              await new Promise<void>((resolve) => (hear = resolve));
            }
          });
        }).once('error', reject);
        t.teardown(() => void asked.destroy());
      }),
  };
}

const serialOf = async (file: string) => new X509Certificate(await readFile(file)).serialNumber;

test('a renewed certificate is shown to whoever comes next, without a restart, and who is there may stay', async (t) => {
  const keys = await testKeys(t);
  const { clock, hub, saying, shown, stay } = await servedOverTls(t, keys);
  const file = join(keys.dir, names.serverCert);
  const before = await serialOf(file);
  t.is(await shown(), before);
  const heard = await stay();
  await keys.book.renewServer([]);
  const after = await serialOf(file);
  t.not(after, before);
  await clock.advance(lookMs);
  await saying(/^the certificate of the console was read again$/);
  t.is(await shown(), after);
  hub.attach(new FakeControl('attached-later'));
  await heard('attached-later');
});

test('half of a renewed pair is not shown: the old certificate stays, with a word why, until the other half is there', async (t) => {
  const keys = await testKeys(t);
  const [cert, key] = [join(keys.dir, 'console.crt'), join(keys.dir, 'console.key')];
  const put = async (from: TestKeys, what: 'cert' | 'key') =>
    what === 'cert'
      ? copyFile(join(from.dir, names.serverCert), cert)
      : copyFile(join(from.dir, names.serverKey), key);
  await put(keys, 'cert');
  await put(keys, 'key');
  const { clock, said, saying, shown } = await servedOverTls(t, keys, { cert, key });
  const before = await serialOf(cert);
  await keys.book.renewServer([]);
  await put(keys, 'cert');
  await clock.advance(lookMs);
  await saying(/goes on with its old certificate: .*console\.key is not the key of the certificate/);
  t.is(await shown(), before);
  await put(keys, 'key');
  await clock.advance(lookMs);
  await saying(/was read again/);
  t.is(await shown(), await serialOf(cert));
  t.is(said.length, 2);
});

test('it says early that its certificate ends, and when it has', async (t) => {
  const keys = await testKeys(t);
  const { clock, said, saying } = await servedOverTls(t, keys);
  clock.jump(380 * dayMs);
  await clock.advance(lookMs);
  await saying(/^the certificate of the console ends in 1\d days$/);
  clock.jump(30 * dayMs);
  await clock.advance(lookMs);
  await saying(/^the certificate of the console expired on /);
  t.is(said.length, 2);
});
