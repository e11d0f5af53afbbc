import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import test from 'ava';
import { shownHost } from '../../src/console/shown-host.ts';
import { testKeys } from '../helpers/keys.ts';
import { served, token } from './served.ts';

const many = ['192.0.2.7', '2001:db8::7', '198.51.100.7'];
const shown = (host: string, addresses: readonly string[] = many, name: string | null = 'shed') =>
  shownHost(host, () => ({ host: name, addresses }));

test('a console that listens everywhere is shown by an address of the machine, of the family that it takes', (t) => {
  t.is(shown('0.0.0.0'), '192.0.2.7');
  t.is(shown('::'), '2001:db8::7');
  t.is(shown('::', ['192.0.2.7']), '192.0.2.7', 'which takes IPv4 as well');
  t.is(shown('0.0.0.0', ['2001:db8::7']), 'shed', 'which takes nothing else');
  for (const host of ['0', '0x0', '0.0']) t.is(shown(host), '192.0.2.7', host);
  for (const host of ['::0', '0:0:0:0:0:0:0:0']) t.is(shown(host), '2001:db8::7', host);
});

test('without an address it is shown by the name of the host, and without both as what can be opened here', (t) => {
  t.is(shown('0.0.0.0', []), 'shed');
  t.is(shown('::', []), 'shed');
  t.is(shown('0.0.0.0', [], null), '127.0.0.1');
  t.is(shown('::', [], null), '::1');
});

test('a host that somebody named is shown as it is, and nobody looks at the machine', (t) => {
  const asked = () => t.fail() as never;
  for (const host of ['127.0.0.1', '::1', '10.0.0.1', 'fog.example.org', 'fe80::1%eth0', 'localhost']) {
    t.is(shownHost(host, asked), host);
  }
});

test('the address that is printed can be opened: the console knows itself by it, also where it came another way', async (t) => {
  const { dir } = await testKeys(t);
  const ca = await readFile(join(dir, 'ca.crt'));
  const status = (port: number, host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${token}` };
      const to = { host: '127.0.0.1', port, servername: 'localhost', path: '/api/hello' };
      request({ ...to, ca, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once('error', reject)
        .end();
    });
  const everywhere = { host: '0.0.0.0', token, tls: { dir, cert: '', key: '' } };
  for (const own of [
    { host: 'shed', addresses: ['192.0.2.7'] },
    { host: 'Shed.example.org', addresses: [] },
  ]) {
    const { server, port } = await served(t, { ...everywhere, ownNames: () => own });
    t.is(server.url, `https://${own.addresses[0] ?? own.host}:${port}/`);
    t.is(await status(port, new URL(server.url).host), 200);
    t.is(await status(port, `evil.example:${port}`), 421);
  }
});
