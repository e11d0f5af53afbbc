import test, { type ExecutionContext } from 'ava';
import { shipped, world } from '../helpers/fogrun.ts';
import { hasPty, type OnTerminal, startOnTerminal } from '../helpers/pty.ts';

const edge = shipped('edge.yaml');
const cloud = shipped('cloud.yaml');

/** Says loudly what it cannot show. */
const onTerminal = (title: string, run: (t: ExecutionContext) => Promise<void>) =>
  test(title, async (t) => {
    if (hasPty) return run(t);
    t.log('NOT TESTED: `script` of util-linux is not here, so there is no terminal to test on');
    t.pass();
  });

function restored(t: ExecutionContext, fogrun: OnTerminal): void {
  const screen = fogrun.screen();
  t.false(screen.alternate(), 'the alternate screen is still there');
  t.true(screen.cursorShown(), 'the cursor is hidden');
  t.true(screen.wraps(), 'lines do not wrap');
}

/** Does something to the process at SIGUSR2. */
const atSignal = (code: string) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2',()=>{${code}})`)}`,
});

onTerminal(
  'on a terminal a pipeline is shown live; q drains it and leaves a summary on the normal screen',
  async (t) => {
    const fogrun = startOnTerminal(t, [edge], await world(t));
    await fogrun.until(/barometer +● polling/);
    const text = await fogrun.until(/uploader +▲ waitingToRetry/);
    t.regex(text, /retry in|retries now/);
    t.regex(text, /link-unreachable/);
    fogrun.type('q');
    t.is(await fogrun.ended, 0);
    restored(t, fogrun);
    t.regex(fogrun.screen().normal(), /edge: ended in order/);
    t.regex(fogrun.screen().normal(), /connecting → waitingToRetry · link-unreachable/);
  },
);

onTerminal('an actor is paused and resumed by a key', async (t) => {
  const fogrun = startOnTerminal(t, [edge], await world(t));
  await fogrun.until(/barometer +● polling/);
  fogrun.type('j');
  await fogrun.until(/▶ barometer/);
  fogrun.type('p');
  await fogrun.until(/barometer +‖ paused/);
  fogrun.type('p');
  await fogrun.until(/barometer +● polling/);
  fogrun.type('q');
  t.is(await fogrun.ended, 0);
});

onTerminal('the terminal is given back at SIGTERM and SIGHUP, after draining', async (t) => {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    const fogrun = startOnTerminal(t, [edge], await world(t));
    await fogrun.until(/barometer +● polling/);
    process.kill(fogrun.pid(), signal);
    t.is(await fogrun.ended, 0, signal);
    restored(t, fogrun);
    t.regex(fogrun.screen().normal(), /edge: ended in order/);
  }
});

onTerminal('the terminal is given back before an uncaught exception is told', async (t) => {
  for (const code of ["throw new Error('boom')", "Promise.reject(new Error('boom'))"]) {
    const fogrun = startOnTerminal(t, [edge], { ...(await world(t)), ...atSignal(code) });
    await fogrun.until(/barometer +● polling/);
    process.kill(fogrun.pid(), 'SIGUSR2');
    t.not(await fogrun.ended, 0, code);
    restored(t, fogrun);
    t.regex(fogrun.screen().normal(), /edge: was ended at once/);
    t.regex(fogrun.screen().normal(), /Error: boom\r?\n +at /);
  }
});

onTerminal('the terminal is given back when something calls process.exit, and at a second q', async (t) => {
  // One without a store: LMDB may be at work in a thread that an exit waits for.
  const exits = startOnTerminal(t, ['top'], { ...(await world(t)), ...atSignal('process.exit(7)') });
  await exits.until(/No pipeline runs/);
  process.kill(exits.pid(), 'SIGUSR2');
  t.is(await exits.ended, 7);
  restored(t, exits);
  const impatient = startOnTerminal(t, [edge], await world(t));
  await impatient.until(/barometer +● polling/);
  impatient.type('qq');
  t.not(await impatient.ended, 0);
  restored(t, impatient);
});

onTerminal('a pipeline that cannot start gives the terminal back and says why', async (t) => {
  const env = await world(t);
  const first = startOnTerminal(t, [edge], env);
  await first.until(/barometer +● polling/);
  const second = startOnTerminal(t, [edge], env);
  t.is(await second.ended, 3);
  restored(t, second);
  t.regex(second.screen().normal(), /\(store-locked\)/);
  first.type('q');
  t.is(await first.ended, 0);
});

onTerminal('lines as ever with --plain, --log, NO_COLOR, CI or a dumb terminal', async (t) => {
  const ways: [string[], Record<string, string>][] = [
    [['--plain'], {}],
    [['--log', 'text'], {}],
    [[], { NO_COLOR: '1' }],
    [[], { CI: 'true' }],
    [[], { TERM: 'dumb' }],
  ];
  for (const [words, env] of ways) {
    const fogrun = startOnTerminal(t, [edge, ...words], { ...(await world(t)), ...env });
    await fogrun.until(() => /barometer +.*connecting → /.test(fogrun.screen().normal()));
    process.kill(fogrun.pid(), 'SIGTERM');
    t.is(await fogrun.ended, 0);
    t.notRegex(fogrun.raw(), /\u001b\[\?/, `${words} ${JSON.stringify(env)}`);
  }
});

onTerminal('several pipelines share the view: one that is killed says so and comes back', async (t) => {
  // Few transitions, so that the one looked for is not scrolled away on a busy machine.
  const env = await world(t, { POLL_EVERY: '1s', ROTATE_EVERY: '10s' });
  const fogrun = startOnTerminal(t, [cloud, edge], env);
  await fogrun.until(/uploader +● idle/);
  const text = await fogrun.until(/ edge · up[^\n]* pid \d+/);
  const pid = Number(/ edge · [^\n]* pid (\d+)/.exec(text)![1]);
  process.kill(pid, 'SIGKILL');
  await fogrun.until(/alive\.running → waitingToRestart · process-ended/);
  await fogrun.until((now) => new RegExp(` edge · up (?![^\\n]* pid ${pid})[^\\n]* pid \\d+`).test(now));
  fogrun.type('q');
  t.is(await fogrun.ended, 0);
  restored(t, fogrun);
  t.regex(fogrun.screen().normal(), /cloud: ended in order\r?\nedge: ended in order/);
  t.regex(fogrun.screen().normal(), /process-ended/);
});

onTerminal(
  'top attaches to what runs, finds what is started later, marks what ended, and leaves by q',
  async (t) => {
    const env = await world(t);
    const top = startOnTerminal(t, ['top'], env);
    await top.until(/No pipeline runs/);
    const fogrun = startOnTerminal(t, [edge], env);
    await top.until(/barometer +● polling/);
    top.type('jp');
    await fogrun.until(/barometer +‖ paused/);
    fogrun.type('q');
    t.is(await fogrun.ended, 0);
    await top.until(/ edge +. (?:ended|lost)/);
    top.type('q');
    t.is(await top.ended, 0);
    restored(t, top);
  },
);

test('top without a terminal says what to use instead', async (t) => {
  const { startFogrun } = await import('../helpers/fogrun.ts');
  const top = startFogrun(t, ['top'], await world(t));
  t.is((await top.ended).code, 2);
  t.regex(top.stderr(), /needs a terminal[\s\S]*fogrun ps/);
});
