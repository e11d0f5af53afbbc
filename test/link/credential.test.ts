import test from 'ava';
import { frameTypes } from '../../src/link/frames.ts';
import { decodeHello, encodeJson } from '../../src/link/json.ts';
import { hello } from './fixtures.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test('HELLO carries a credential, and does without', (t) => {
  t.is(decodeHello(encodeJson({ ...hello, credential: 'fog_x' })).credential, 'fog_x');
  t.false('credential' in decodeHello(encodeJson(hello)));
  t.is(frameTypes.hello, 1);
});

test('a credential that is none is refused, and what stands in it is not repeated', (t) => {
  for (const credential of [
    '',
    'hunter2 hunter2',
    'hunter2\n',
    'hunter2'.repeat(40),
    7_777_777,
    ['hunter2'],
    null,
  ]) {
    const error = t.throws(() => decodeHello(bytes({ ...hello, credential })), { code: 'link-protocol' });
    t.regex(error!.message, /`credential`/);
    t.notRegex(error!.message, /hunter2|7777777/);
  }
});
