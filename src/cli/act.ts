/** `fogrun pause|resume|retry|restart [PIPELINE/]ACTOR`. */
import type { ActorAction } from '../contract/control.ts';
import { escapeControls } from '../domain/text.ts';
import { asker, pickActor, withRunning } from './control-cli.ts';

export interface ActOptions {
  readonly state: string;
  readonly json: boolean;
}

/** Prints the states it was in and came to; after a restart only the latter tells anything. */
export function act(action: ActorAction, word: string, { state, json }: ActOptions): Promise<number> {
  return withRunning(state, async (found) => {
    const { control, actor } = await pickActor(found, word);
    const { from, to } = await control.act(actor, action, asker());
    const { pipeline } = control;
    const text = json
      ? JSON.stringify({ pipeline, actor, from, to })
      : escapeControls(`${pipeline}/${actor}: ${action === 'restart' ? 'restarted,' : `${from} →`} ${to}`);
    process.stdout.write(`${text}\n`);
    return 0;
  });
}
