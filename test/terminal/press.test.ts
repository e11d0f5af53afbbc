import test from 'ava';
import { FogrunError } from '../../src/contract/errors.ts';
import { actorStatus, edgeStatus, entry, fakeControl } from './fixtures.ts';
import { attached } from './open-view.ts';

test('p pauses the selected actor and lets it go on, in the name of who pressed it', async (t) => {
  const { control, type, text } = await attached();
  await type('jjp');
  control.answer = { from: 'paused', to: 'waiting' };
  await type('jp');
  const by = { user: 'ada', command: 'key p' };
  t.deepEqual(control.acts, [
    { actor: 'uploader', action: 'pause', by },
    { actor: 'acks', action: 'resume', by },
  ]);
  t.true(text().includes('edge/acks: paused → waiting'));
});

test('a refusal is shown in its own words, and goes away', async (t) => {
  const { control, clock, type, text } = await attached();
  control.answer = new FogrunError(
    'control-refused',
    'edge/barometer is not waiting to retry: it is \u001b[2Jpolling',
  );
  await type('r');
  t.true(text().includes('edge/barometer is not waiting to retry: it is \\u001b[2Jpolling'));
  await clock.advance(10_000);
  t.false(text().includes('is not waiting to retry'));
});

test('R restarts only after y', async (t) => {
  const { control, type, text } = await attached();
  await type('R');
  t.true(text().includes('restart edge/barometer?'));
  await type('n');
  t.deepEqual(control.acts, []);
  await type('Ry');
  t.deepEqual(control.acts, [
    { actor: 'barometer', action: 'restart', by: { user: 'ada', command: 'key R' } },
  ]);
});

test('a pipeline that cannot be reached is not acted on', async (t) => {
  const { control, type, text } = await attached();
  control.watcher()!.over({ code: 'control-lost', message: 'the connection ended', advice: '' });
  await type('p');
  t.deepEqual(control.acts, []);
  t.true(text().includes('edge/barometer: its pipeline cannot be reached now'));
});

test('q and Ctrl-C ask for the end, each time', async (t) => {
  const { type, quits } = await attached();
  await type('q');
  t.is(quits(), 1);
  await type('\u0003');
  t.is(quits(), 2);
  await type('?q');
  t.is(quits(), 3);
});

test('? explains the keys until the next one', async (t) => {
  const { type, text } = await attached();
  await type('?');
  t.true(text().includes('retry now instead of waiting'));
  await type('x');
  t.false(text().includes('retry now instead of waiting'));
  t.true(text().includes('barometer'));
});

test('tab goes through the pipelines, arrows through the actors', async (t) => {
  const { view, clock, tty, text } = await attached();
  const other = fakeControl('greenhouse');
  view.attach(other);
  other.watcher()!.status(edgeStatus({ pipeline: 'greenhouse', actors: [actorStatus('fan')] }));
  const marked = async (keys: string) => {
    tty.type(keys);
    await clock.advance(200);
    return text()
      .split('\n')
      .filter((line) => line.startsWith('▶'))
      .map((line) => line.split(/ +/)[1]);
  };
  t.deepEqual(await marked(''), ['barometer']);
  t.deepEqual(await marked('\u001b[B\u001b[B\u001b[A'), ['rotator']);
  t.deepEqual(await marked('\t'), ['fan']);
  t.deepEqual(await marked('\t'), ['barometer']);
  t.deepEqual(await marked('kkk'), ['barometer']);
  t.deepEqual(await marked('jjjjjjjjj'), ['fan']);
});

test('PgUp reads back, End follows again', async (t) => {
  const { view, clock, tty, text } = await attached();
  for (let i = 0; i < 100; i++) view.entry(entry({ type: 'note', text: `line ${i}.` }));
  const after = async (keys: string) => {
    tty.type(keys);
    await clock.advance(200);
    return text();
  };
  t.true((await after('')).includes('line 99.'));
  const back = await after('\u001b[5~\u001b[5~');
  t.false(back.includes('line 99.'));
  t.regex(back, /newer lines below/);
  t.true((await after('\u001b[H')).includes('line 0.'));
  t.true((await after('\u001b[F')).includes('line 99.'));
});
