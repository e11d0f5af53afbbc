import test from 'ava';
import { createNotifier, type NotifierOptions, watchedLog } from '../../src/cli/notify.ts';
import type { Report } from '../../src/contract/report.ts';
import { problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const asked = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '60000000' };

function setUp(variables: NotifierOptions['variables'], send?: NotifierOptions['send']) {
  const clock = createVirtualClock(0);
  const sent: (readonly string[])[] = [];
  const warnings: string[] = [];
  let summary = 'edge runs';
  const notifier = createNotifier({
    variables,
    pid: 42,
    clock,
    send:
      send ??
      (async (assignments) => {
        sent.push(assignments);
      }),
    warn: (text) => warnings.push(text),
    summary: () => summary,
  });
  const say = (text: string) => {
    summary = text;
  };
  return { clock, sent, warnings, notifier, say };
}

test('systemd hears when it runs, twice in each watchdog interval that it still does, and when it ends', async (t) => {
  const { clock, sent, notifier, say } = setUp(asked);
  t.is(notifier.watchdogMs, 60_000);
  await clock.advance(120_000);
  t.deepEqual(sent, [], 'nothing runs yet');
  notifier.ready();
  notifier.ready();
  await clock.advance(0);
  t.deepEqual(sent, [['READY=1', 'STATUS=edge runs']]);
  say('edge/uploader waitingToRetry\nREADY=0');
  await clock.advance(30_000);
  t.deepEqual(sent[1], ['WATCHDOG=1', 'STATUS=edge/uploader waitingToRetry\\nREADY=0']);
  await clock.advance(300_000);
  t.is(sent.length, 12);
  notifier.stopping();
  notifier.stopping();
  await clock.advance(300_000);
  t.deepEqual(sent.slice(12), [['STOPPING=1', 'STATUS=ending in order']]);
});

test('systemd hears that files are read again, since when, and when that is over', async (t) => {
  const { clock, sent, notifier } = setUp(asked);
  notifier.reloading();
  await clock.advance(0);
  t.deepEqual(sent, [], 'nothing runs yet');
  notifier.ready();
  notifier.reloading();
  notifier.ready();
  notifier.stopping();
  notifier.reloading();
  notifier.ready();
  await clock.advance(0);
  t.deepEqual(
    sent.map(([first]) => first),
    ['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1'],
  );
  t.regex(sent[1]![1]!, /^MONOTONIC_USEC=\d+$/);
  await clock.advance(300_000);
  t.is(sent.length, 4, 'the watchdog is told by nobody any more');
});

test('without systemd, and in a child, nothing is said', async (t) => {
  for (const variables of [{}, { WATCHDOG_USEC: '60000000' }, { ...asked, FOGRUN_PARENT_SOCKET: '/x' }]) {
    const { clock, sent, notifier } = setUp(variables);
    notifier.ready();
    notifier.stopping();
    await clock.advance(300_000);
    t.deepEqual(sent, []);
    t.is(notifier.watchdogMs, null);
  }
});

test('a watchdog that is meant for another process, or makes no sense, is none', (t) => {
  for (const WATCHDOG_USEC of ['', 'x', '-1', '0', '999']) {
    t.is(setUp({ ...asked, WATCHDOG_USEC }).notifier.watchdogMs, null, WATCHDOG_USEC);
  }
  t.is(setUp({ ...asked, WATCHDOG_PID: '43' }).notifier.watchdogMs, null);
  t.is(setUp({ ...asked, WATCHDOG_PID: '42' }).notifier.watchdogMs, 60_000);
});

test('what cannot be told is one warning, and a message that hangs does not become many', async (t) => {
  const failing = setUp(asked, async () => {
    throw new Error('there is no program systemd-notify');
  });
  failing.notifier.ready();
  await failing.clock.advance(600_000);
  t.deepEqual(failing.warnings, ['there is no program systemd-notify']);
  let hanging = 0;
  const stuck = setUp(asked, () => {
    hanging++;
    return new Promise(() => {});
  });
  stuck.notifier.ready();
  await stuck.clock.advance(600_000);
  t.is(hanging, 1);
});

test('the status names who is in trouble until it is over, and not single connections', (t) => {
  const { log, trouble } = watchedLog({ reporter: () => () => {} });
  const move = (actor: string, to: string, bad: boolean) => {
    const cause = bad ? { cause: problem('link-unreachable', 'nobody') } : {};
    log.reporter('edge', actor)({ type: 'transition', from: 'x', to, event: 'E', ...cause } as Report);
  };
  t.is(trouble(), null);
  move('receiver/127.0.0.1:1', 'failed', true);
  t.is(trouble(), null);
  move('uploader', 'waitingToRetry', true);
  t.is(trouble(), 'edge/uploader waitingToRetry (link-unreachable)');
  move('barometer', 'waitingToRetry', true);
  t.regex(trouble()!, /^edge\/uploader .* and 1 more in trouble$/);
  move('uploader', 'idle', false);
  move('barometer', 'polling', false);
  t.is(trouble(), null);
});
