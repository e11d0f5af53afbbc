/** What frames that are left out leave behind. Pure. */
import type { SampleFrame, StepFrame } from '../contract/inspect.ts';

/** `step`, which also says what the one before it would have said of the context and the timers, as that is left out. */
export function afterSkipped(step: StepFrame, left: StepFrame): StepFrame {
  return {
    ...('context' in left && { context: left.context }),
    ...(left.timers && { timers: left.timers }),
    ...step,
    skipped: (step.skipped ?? 0) + 1 + (left.skipped ?? 0),
  };
}

/** Names a sensor among all that come by an actor. */
export function sensorKey({ actor, device, sensor, edge }: SampleFrame): string {
  return JSON.stringify([actor, device, sensor, edge]);
}
