import test from 'ava';
import { assertNodeVersion } from '../../src/cli/node-version.ts';
import { FogrunError } from '../../src/contract/errors.ts';

test('a Node.js that is too old is refused, with the one beside the sources as a way out', (t) => {
  for (const version of ['22.15.0', '22.16.1', '24.0.0']) t.notThrows(() => assertNodeVersion(version));
  for (const version of ['20.20.0', '22.14.9', '8.0.0']) {
    const error = t.throws(() => assertNodeVersion(version, false), { instanceOf: FogrunError });
    t.is((error as FogrunError).advice, 'Install a newer Node.js.');
  }
  const beside = t.throws(() => assertNodeVersion('20.20.0', true), { instanceOf: FogrunError });
  t.regex((beside as FogrunError).advice, /`npx fogrun`, which brings one\.$/);
});
