/** Somebody who inspects, and remembers what came. */

import type { Problem } from '../../src/contract/errors.ts';
import type {
  ActorFrame,
  EndFrame,
  InspectFrame,
  InspectWatcher,
  StepFrame,
} from '../../src/contract/inspect.ts';

export function inspecting(inspect: (watcher: InspectWatcher) => () => void, isBehind?: () => boolean) {
  const frames: InspectFrame[] = [];
  const overs: (Problem | null)[] = [];
  const end = inspect({
    frames: (some) => void frames.push(...some),
    over: (cause) => void overs.push(cause),
    ...(isBehind ? { isBehind } : {}),
  });
  const of = <Frame extends InspectFrame>(type: Frame['type'], actor?: string) =>
    frames.filter((frame): frame is Frame => frame.type === type && (!actor || frame.actor === actor));
  return {
    frames,
    overs,
    end,
    actors: (actor?: string) => of<ActorFrame>('actor', actor),
    steps: (actor?: string) => of<StepFrame>('step', actor),
    ends: (actor?: string) => of<EndFrame>('end', actor),
  };
}
