/** A view on a terminal and a clock that are not there. */
import { openView, type ViewOptions } from '../../src/terminal/view.ts';
import { smallTerminal } from '../helpers/small-terminal.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { edgeStatus, type FakeTty, fakeControl, fakeTty, startMs } from './fixtures.ts';

export function setup(options: Partial<ViewOptions> = {}) {
  const clock = createVirtualClock(startMs);
  const tty: FakeTty = fakeTty();
  let quits = 0;
  let suspends = 0;
  const view = openView({
    mode: 'run',
    tty,
    clock,
    colour: true,
    unicode: true,
    user: 'ada',
    on: {
      quit: () => {
        quits += 1;
      },
      suspend: () => {
        suspends += 1;
      },
    },
    ...options,
  });
  const screen = () => {
    const terminal = smallTerminal();
    terminal.write(tty.text);
    return terminal;
  };
  const text = () => screen().lines().join('\n');
  return { clock, tty, view, screen, text, quits: () => quits, suspends: () => suspends };
}

/** With the pipeline `edge` on the screen. */
export async function attached(options: Partial<ViewOptions> = {}) {
  const all = setup(options);
  const control = fakeControl('edge');
  all.view.attach(control);
  control.watcher()!.status(edgeStatus());
  await all.clock.advance(200);
  const type = async (keys: string) => {
    all.tty.type(keys);
    await all.clock.advance(200);
  };
  return { ...all, control, type };
}
