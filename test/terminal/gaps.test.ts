import test from 'ava';
import { createModel, takeStatus } from '../../src/terminal/model.ts';
import { render } from '../../src/terminal/render.ts';
import { edgeStatus, startMs } from './fixtures.ts';

const usual = { columns: 120, rows: 30, colour: false, unicode: true, nowMs: startMs };
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
