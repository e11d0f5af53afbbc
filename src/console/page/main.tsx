/** The page of the console: puts its parts together. */
import { signal } from '@preact/signals';
import { render } from 'preact';
import type { HelloEvent } from '../wire.ts';
import { browserParts, everyTick, textOf } from './model/browser-parts.ts';
import { ModelContext } from './model/context.ts';
import { createModel } from './model/model.ts';
import { readRecording } from './model/replay.ts';
import { followConsole } from './model/stream.ts';
import { ReplayBar } from './replay/bar.tsx';
import { followNamed } from './replay/named.ts';
import { createPlayer, type Player } from './replay/player.ts';
import { followAddress } from './routes.ts';
import { Empty } from './shared/parts.tsx';
import { Shell } from './shell/shell.tsx';
import { goToSignIn } from './shell/sign-out.tsx';

const feed = createModel(Date.now());
/** `null` while it is live; a text while a recording is being read. */
const player = signal<Player | string | null>(null);

async function openRecording(hello: HelloEvent) {
  player.value = 'Reading the recording …';
  try {
    const response = await fetch('api/recording');
    if (!response.ok || !response.body) throw new Error(`the console answers ${response.status}`);
    const recording = await readRecording(textOf(response), (events) => {
      player.value = `Reading the recording: ${events.toLocaleString('en-US')} events …`;
    });
    feed.hello(hello);
    const opened = createPlayer(recording, feed);
    followNamed(opened);
    player.value = opened;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    player.value = `The recording cannot be read: ${why}`;
  }
}

followAddress(window);
const onHello = (hello: HelloEvent) => {
  if (hello.mode === 'live') return true;
  void openRecording(hello);
  return false;
};
const stream = followConsole(feed, browserParts, onHello, goToSignIn);
everyTick((nowMs) => {
  const now = player.peek();
  if (now === null) feed.tick(nowMs);
  else if (typeof now !== 'string') now.tick(nowMs);
});

function Page() {
  const now = player.value;
  if (typeof now === 'string') return <Empty title={now} />;
  return <Shell onHurry={() => stream.hurry()} foot={now && <ReplayBar player={now} />} />;
}

render(
  <ModelContext.Provider value={feed.model}>
    <Page />
  </ModelContext.Provider>,
  document.getElementById('app')!,
);
