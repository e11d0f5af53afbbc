/** The page of the console: puts its parts together. */
import { render } from 'preact';
import { browserParts, everyTick } from './model/browser-parts.ts';
import { ModelContext } from './model/context.ts';
import { createModel } from './model/model.ts';
import { followConsole } from './model/stream.ts';
import { followAddress } from './routes.ts';
import { Shell } from './shell/shell.tsx';

const feed = createModel(Date.now());
everyTick((nowMs) => feed.tick(nowMs));
followAddress(window);
const stream = followConsole(feed, browserParts);

render(
  <ModelContext.Provider value={feed.model}>
    <Shell onHurry={() => stream.hurry()} />
  </ModelContext.Provider>,
  document.getElementById('app')!,
);
