import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { pictures } from '../../src/cli/draw/pictures.ts';
import { knownCharts } from '../../src/inspect/drawing/known-charts.ts';
import { shipped, startFogrun, temporaryDirectory } from '../helpers/fogrun.ts';

const drawn = async (t: Parameters<typeof startFogrun>[0], words: string[]) => {
  const fogrun = startFogrun(t, ['draw', ...words]);
  const { code } = await fogrun.ended;
  return { code, text: `${fogrun.lines.map((line) => line.text).join('\n')}\n`, stderr: fogrun.stderr() };
};

const drawnJson = async (t: Parameters<typeof startFogrun>[0], words: string[]) => {
  const file = join(await temporaryDirectory(t), 'drawing');
  await drawn(t, [...words, '--as', 'json', '--out', file]);
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
};

test('docs/pictures is what `npm run docs` would draw', async (t) => {
  const home = join(shipped('..'), 'docs', 'pictures');
  const files = await pictures(await knownCharts());
  t.deepEqual((await readdir(home)).filter((name) => name.endsWith('.svg')).sort(), [...files.keys()].sort());
  for (const [name, picture] of files) {
    t.true((await readFile(join(home, name), 'utf8')) === picture, `${name} is stale: run \`npm run docs\``);
  }
});

test('`fogrun draw KIND` draws its statechart, as a picture, for Mermaid or as JSON', async (t) => {
  const svg = await drawn(t, ['uploader']);
  t.is(svg.code, 0);
  t.true(svg.text.startsWith('<svg ') && svg.text.includes('data-state="waitingToRetry"'));
  const mermaid = await drawn(t, ['cloud-session', '--as', 'mermaid']);
  t.true(mermaid.text.startsWith('stateDiagram-v2\n'));
  t.regex(mermaid.text, /state "committing" as (s\d+)/);
  t.deepEqual(Object.keys(await drawnJson(t, ['forecaster'])), ['chart', 'layout']);
});

test('`fogrun draw FILE…` draws the actors of pipelines, what flows between them, and the link to the cloud', async (t) => {
  const files = [shipped('cloud.yaml'), shipped('edge.yaml')];
  const svg = await drawn(t, files);
  t.is(svg.code, 0);
  t.true(svg.text.startsWith('<svg '));
  for (const word of ['>barometer<', '>acknowledgements<', '>link<']) t.true(svg.text.includes(word), word);
  const mermaid = await drawn(t, [...files, '--as', 'mermaid']);
  t.regex(mermaid.text, /^flowchart LR\n/);
  t.regex(mermaid.text, /-\.->\|link\|/);
  const { pipelines, links } = await drawnJson(t, files);
  t.deepEqual(
    (pipelines as { name: string }[]).map(({ name }) => name),
    ['cloud', 'edge'],
  );
  t.is((links as unknown[]).length, 1);
});

test('the name of the file to write says which form is meant', async (t) => {
  const folder = await temporaryDirectory(t);
  for (const [name, start] of [
    ['a.mmd', 'stateDiagram-v2'],
    ['a.json', '{'],
    ['a.svg', '<svg '],
  ] as const) {
    const { code, text } = await drawn(t, ['uploader', '--out', join(folder, name)]);
    t.deepEqual([code, text.trim()], [0, '']);
    t.true((await readFile(join(folder, name), 'utf8')).startsWith(start), name);
  }
  const picture = await drawn(t, ['uploader', '--out', join(folder, 'a.png')]);
  t.is(picture.code, 2);
  t.regex(picture.stderr, /nothing is drawn as \.png: --out takes \.svg, \.mmd, \.mermaid or \.json/);
  t.false((await readdir(folder)).includes('a.png'));
  const nowhere = await drawn(t, ['uploader', '--out', join(folder, 'no', 'a.svg')]);
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /cannot be written: ENOENT/);
});

test('what cannot be drawn is told, with the name that was probably meant', async (t) => {
  const folder = await temporaryDirectory(t);
  const bad = join(folder, 'bad.yaml');
  await writeFile(bad, 'fogrun: 1\npipeline: bad\nactors:\n  a: { kind: uplaoder }\n');
  const wrong: [string[], RegExp][] = [
    [['uplaoder'], /did you mean `uploader`\?/],
    [['zzzzzz'], /kinds are .*cloud-session/],
    [['uploader', 'forecaster'], /pipeline files, or one kind/],
    [['uploader', '--as', 'png'], /--as takes svg, mermaid, json/],
    [['missing.yaml'], /missing\.yaml cannot be read/],
    [[bad], /unknown kind `uplaoder`/],
  ];
  for (const [words, says] of wrong) {
    const { code, stderr } = await drawn(t, words);
    t.is(code, 2, words.join(' '));
    t.regex(stderr, says);
  }
});
