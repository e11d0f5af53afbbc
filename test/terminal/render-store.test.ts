import test from 'ava';
import { createModel, takeStatus } from '../../src/terminal/model.ts';
import { type RenderOptions, render } from '../../src/terminal/render.ts';
import { edgeStatus, startMs } from './fixtures.ts';

const usual: RenderOptions = { columns: 120, rows: 30, colour: false, unicode: true, nowMs: startMs };
const lineOf = (lines: readonly string[], word: string) => lines.find((line) => line.includes(word)) ?? '';

test('readings that became gaps have a line of their own, only when there are some', (t) => {
  const shown = (lost: object) => {
    const { store, ...status } = edgeStatus();
    const model = createModel('run');
    takeStatus(model, { ...status, store: { ...store!, lost } });
    return lineOf(render(model, usual), 'gaps:').trim();
  };
  t.is(shown({}), '');
  t.is(shown({ dropped: 1_204, missed: 12 }), 'gaps: 12 missed, 1,204 dropped');
});

test('dead letters have a line that says where to look, only when there are some', (t) => {
  const shown = (letters: number) => {
    const { store, ...status } = edgeStatus();
    const model = createModel('run');
    takeStatus(model, { ...status, store: { ...store!, letters: { letters, readings: 430, bytes: 9 } } });
    return lineOf(render(model, usual), 'dead letter').trim();
  };
  t.is(shown(0), '');
  t.is(shown(2), 'store: 2 dead letters with 430 readings: see fogrun dead-letters list');
});

test('the address of the console stands above the log, where there is room for it', (t) => {
  const model = createModel('run');
  takeStatus(model, edgeStatus());
  t.false(render(model, usual).join('\n').includes('in the browser'));
  model.console = 'http://127.0.0.1:7800/';
  const lines = render(model, { ...usual, columns: 100 });
  const line = lineOf(lines, 'in the browser: http://127.0.0.1:7800/');
  t.regex(line, /transitions/);
  t.is(line.length, 100);
  t.false(
    render(model, { ...usual, columns: 40 })
      .join('\n')
      .includes('in the browser'),
  );
});
