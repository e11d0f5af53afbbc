/** What each key does: changes what is shown, or asks for something to be done. */
import type { ActorAction } from '../contract/control.ts';
import type { ActorStatus } from '../contract/status.ts';
import type { Key } from './keys.ts';
import { isSelected, type LogSize, type Model, rows, say } from './model.ts';

/** What a key asks of whoever holds the pipelines. `quit` again means at once. */
export type Wish =
  | {
      readonly type: 'act';
      readonly pipeline: string;
      readonly actor: string;
      readonly action: ActorAction;
      readonly key: string;
    }
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  | { readonly type: 'repaint' };

export interface Pressed {
  readonly nowMs: number;
  /** Lines of the log that are on the screen. */
  readonly page: number;
}

const nextSize: Readonly<Record<LogSize, LogSize>> = { some: 'most', most: 'none', none: 'some' };

export function press(model: Model, key: Key, at: Pressed): Wish | null {
  if (key === 'ctrl-z') return { type: 'suspend' };
  if (key === 'ctrl-l') return { type: 'repaint' };
  if (key === 'ctrl-c') return { type: 'quit' };
  if (model.asking) return answer(model, key, at);
  if (model.help) {
    model.help = false;
    return key === 'q' ? { type: 'quit' } : null;
  }
  switch (key) {
    case 'q':
      return { type: 'quit' };
    case '?':
    case 'h':
      model.help = true;
      return null;
    case 'up':
    case 'k':
      return select(model, -1);
    case 'down':
    case 'j':
      return select(model, 1);
    case 'tab':
    case 'backTab':
      return selectPipeline(model, key === 'tab' ? 1 : -1);
    case 'pageUp':
      return scroll(model, model.scroll + at.page, at);
    case 'pageDown':
      return scroll(model, model.scroll - at.page, at);
    case 'home':
      return scroll(model, model.log.length, at);
    case 'end':
      return scroll(model, 0, at);
    case 'l':
      model.logSize = nextSize[model.logSize];
      return null;
    case 'p':
    case 'r':
    case 'R':
      return act(model, key, at);
    default:
      return null;
  }
}

function act(model: Model, key: 'p' | 'r' | 'R', { nowMs }: Pressed): Wish | null {
  const row = rows(model).find(({ pipeline, actor }) => isSelected(model, pipeline, actor.name));
  if (!row) {
    say(model, 'no actor is selected', 'trouble', nowMs);
    return null;
  }
  const { pipeline, actor } = row;
  if (key === 'R') {
    model.asking = { pipeline, actor: actor.name };
    return null;
  }
  return { type: 'act', pipeline, actor: actor.name, action: key === 'r' ? 'retry' : toggle(actor), key };
}

const toggle = ({ health }: ActorStatus): ActorAction => (health === 'paused' ? 'resume' : 'pause');

function answer(model: Model, key: Key, { nowMs }: Pressed): Wish | null {
  const asked = model.asking!;
  model.asking = null;
  if (key === 'y' || key === 'Y') return { type: 'act', ...asked, action: 'restart', key: 'R' };
  say(model, 'nothing was restarted', 'plain', nowMs);
  return null;
}

function select(model: Model, step: number): null {
  const all = rows(model);
  if (all.length === 0) return null;
  const at = all.findIndex(({ pipeline, actor }) => isSelected(model, pipeline, actor.name));
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))]!;
  model.selected = { pipeline: next.pipeline, actor: next.actor.name };
  return null;
}

function selectPipeline(model: Model, step: number): null {
  const { groups, selected } = model;
  const at = groups.findIndex(({ name }) => name === selected?.pipeline);
  for (let n = 1; n <= groups.length; n++) {
    const group = groups[(at + step * n + groups.length * n) % groups.length]!;
    const first = group.actors[0];
    if (!first) continue;
    model.selected = { pipeline: group.name, actor: first.name };
    break;
  }
  return null;
}

function scroll(model: Model, to: number, { page }: Pressed): null {
  model.scroll = Math.max(0, Math.min(to, model.log.length - page));
  return null;
}
