import test from 'ava';
import { importsOf, readText, repositoryFiles } from './tree.ts';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly dev?: boolean;
}

const manifest = JSON.parse(readText('package.json')) as Record<string, Record<string, string> | undefined>;
const lockText = readText('package-lock.json');
const locked = JSON.parse(lockText).packages as Record<string, Locked>;
const direct = { ...manifest.dependencies, ...manifest.devDependencies };

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Releases with protest code or a stealer: see docs/dependencies.md. */
const bannedNodeIpc = /^(?:9\.1\.6|9\.2\.2|9\.2\.3|10\.1\.1|10\.1\.2|11\..*|12\.0\.1)$/;
const isBanned = (name: string, version: string) =>
  name === 'peacenotwar' || (name === 'node-ipc' && bannedNodeIpc.test(version));

test('every dependency is pinned to one version', (t) => {
  const pinned = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
  const all = { ...direct, ...manifest.optionalDependencies, ...manifest.overrides };
  const loose = Object.entries(all).filter(([, version]) => !pinned.test(version));
  t.deepEqual(loose, []);
});

test('node-ipc is the release that was read, to the byte', (t) => {
  t.is(manifest.dependencies?.['node-ipc'], '14.0.0');
  const copies = Object.entries(locked).filter(([path]) => path !== '' && nameOf(path) === 'node-ipc');
  t.is(copies.length, 1);
  t.is(copies[0]![1].version, '14.0.0');
  t.true(copies[0]![1].integrity?.startsWith('sha512-d5+aogND4Gk6'));
});

test('no banned release is in the lockfile, at any depth', (t) => {
  const banned = Object.entries(locked).filter(
    ([path, { version }]) => path && isBanned(nameOf(path), version),
  );
  t.deepEqual(banned, []);
  for (const version of ['9.1.6', '9.2.2', '9.2.3', '10.1.1', '10.1.2', '11.0.0', '11.1.0', '12.0.1']) {
    t.true(isBanned(nameOf('node_modules/a/node_modules/node-ipc'), version), version);
  }
  t.true(isBanned('peacenotwar', '9.1.3'));
  t.false(isBanned('node-ipc', '14.0.0'));
});

test('every locked package has its hash and no address of its own', (t) => {
  const bare = Object.entries(locked).filter(
    ([path, { integrity }]) => path && !integrity?.startsWith('sha512-'),
  );
  t.deepEqual(bare, []);
  t.notRegex(lockText, /"resolved":\s*"http/);
});

/** What a user of fogrun gets, direct or not, each looked at; a package that is not here comes in only past this list. */
const known = [
  '@harperfast/extended-iterable',
  '@lmdb/lmdb-*',
  '@msgpackr-extract/msgpackr-extract-*',
  '@noble/hashes',
  '@peculiar/utils',
  'asn1js',
  'bytestreamjs',
  'detect-libc',
  'easy-stack',
  'event-pubsub',
  'js-message',
  'js-queue',
  'lmdb',
  'msgpackr',
  'msgpackr-extract',
  'node-addon-api',
  'node-gyp-build-optional-packages',
  'node-ipc',
  'ordered-binary',
  'pkijs',
  'strong-type',
  'tinkerforge',
  'weak-lru-cache',
  'ws',
  'xstate',
  'yaml',
  'zod',
];

test('no package comes with fogrun that is not on the list of those that were looked at', (t) => {
  const shipped = Object.entries(locked).filter(([path, { dev }]) => path !== '' && !dev);
  const names = [...new Set(shipped.map(([path]) => nameOf(path)))];
  const isKnown = (name: string) =>
    known.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
  t.deepEqual(
    names.filter((name) => !isKnown(name)),
    [],
  );
  t.true(names.length >= known.length);
});

test('certificates are made in one place: who makes them has one door', (t) => {
  const users = repositoryFiles()
    .filter((path) => /^(?:src|machines|bench|test)\/.*\.ts$/.test(path))
    .filter((path) =>
      importsOf(path, readText(path)).some(({ target }) => /^(?:pkijs|asn1js)$/.test(target)),
    );
  t.deepEqual(users, ['src/cli/keys/authority.ts']);
});

test('the lockfile belongs to the manifest', (t) => {
  for (const [name, version] of Object.entries(direct))
    t.is(locked[`node_modules/${name}`]?.version, version);
});

test('every dependency has its reason in docs/dependencies.md', (t) => {
  const lines = readText('docs/dependencies.md').split('\n');
  const silent = Object.keys(direct).filter(
    (name) =>
      !lines.some(
        (line) => line.startsWith(`### ${name} `) || line.replace(/\s+/g, ' ').startsWith(`| ${name} |`),
      ),
  );
  t.deepEqual(silent, []);
});
