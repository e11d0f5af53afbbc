/** The live view of pipelines that this process runs, itself or in children. */
import type { Plan } from '../contract/plan.ts';
import { type LogEntry, levelOf } from '../contract/report.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { takeOver } from '../terminal/take-over.ts';
import type { View } from '../terminal/view.ts';
import { exitNow } from './process.ts';
import { userName } from './user.ts';

export interface Live {
  readonly view: View;
  /** What is reported there is shown instead of written; `parent` for what is said about processes of pipelines. */
  readonly log: (from?: 'pipeline' | 'parent') => Log;
  /** What `q` does from now on. */
  onQuit(quit: () => void): void;
  /** Gives the terminal back, with a summary. */
  end(): void;
}

export function goLive(plans: readonly Plan[]): Live {
  let quit: () => void = () => exitNow(0);
  const { view, end } = takeOver({ mode: 'run', clock: systemClock, user: userName(), quit: () => quit() });
  for (const { name, actors } of plans) {
    view.expect(
      name,
      actors.map((actor) => ({ name: actor.name, kind: actor.kind.name })),
    );
  }
  return {
    view,
    log: (from) => ({
      reporter: (pipeline, actor) => (report, level) => {
        const entry: LogEntry = {
          time: systemClock.now(),
          level: level ?? levelOf(report),
          pipeline,
          actor,
          report,
        };
        view.entry(entry, from);
      },
    }),
    onQuit(next) {
      quit = next;
    },
    end,
  };
}
