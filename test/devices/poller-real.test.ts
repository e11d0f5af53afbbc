/** The poller's effects over the real client and an emulator: settings that daemons and devices forget. */
import test, { type ExecutionContext } from 'ava';
import { sensorPoller } from '../../machines/sensor-poller.ts';
import type { Batch } from '../../src/contract/port.ts';
import type { TransitionReport } from '../../src/contract/report.ts';
import { awaitDevice, connectDevice } from '../../src/devices/client.ts';
import { pollerEffects } from '../../src/devices/poller-effects.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { createPort } from '../../src/runtime/port.ts';
import { emulate, realClock } from './fixtures.ts';

const devices = [{ type: 'humidity', uid: 'abc' }];

function listenAt(t: ExecutionContext, port: number) {
  const batches = createPort<Batch>({ itemsMax: 1_000, bytesMax: 2 ** 20 }, ({ lines }) => lines.length);
  const moves: TransitionReport[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  let count = 0;
  const effects = pollerEffects({
    output: batches.out,
    clock: realClock,
    report: () => {},
    retryInMs: () => 20,
    connect: (target, wish, { signal }) => connectDevice(target, wish, { clock: realClock, signal }),
    awaitDevice: (target, wish, { signal }) => awaitDevice(target, wish, { clock: realClock, signal }),
  });
  const life = new AbortController();
  const device = { port, type: 'humidity', uid: 'abc' };
  const actor = runActor(buildStatechart(sensorPoller, { ...effects }, life.signal), {
    clock: realClock,
    report: (entry) => {
      if (entry.type === 'transition') moves.push(entry);
      wake();
    },
    // So long that only what comes by itself can be many readings.
    input: {
      config: sensorPoller.config.parse({ device, mode: 'callback', every: '20ms', 'stale-after': '1h' }),
    },
  });
  t.teardown(() => actor.kill());
  void batches.in.consume({ itemsMax: 100, bytesMax: 2 ** 20 }, life.signal, async (items) => {
    for (const item of items) count += item.count;
    wake();
  });
  t.teardown(() => life.abort());
  const until = (fits: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!fits()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    moves,
    /** Resolves after so many more readings. */
    readings: (more: number) => {
      const wanted = count + more;
      return until(() => count >= wanted);
    },
    moved: (to: string, from = 0) => until(() => moves.slice(from).some((move) => move.to === to)),
  };
}

test('a daemon that was started anew is told again what to send', async (t) => {
  const first = await emulate(t, { devices });
  const poller = listenAt(t, first.port);
  await poller.readings(20);
  await first.close();
  await poller.moved('waitingToRetry');
  const from = poller.moves.length;
  await emulate(t, { devices, port: first.port });
  await poller.moved('listening', from);
  await poller.readings(20);
  t.pass();
});

test('a device that was reset, or unplugged and put elsewhere, goes on sending', async (t) => {
  const emulator = await emulate(t, { devices });
  const poller = listenAt(t, emulator.port);
  await poller.readings(20);
  const from = poller.moves.length;
  emulator.reset('abc');
  await poller.readings(20);
  t.is(poller.moves.length, from, 'a reset is no interruption');
  emulator.unplug('abc');
  await poller.moved('absent', from);
  emulator.replug('abc', 'g');
  await poller.moved('listening', from);
  await poller.readings(20);
});
