/** What is said to those who hear the page when pipelines come and go: of many, the first few by name. Pure. */
import type { Stale } from '../model/model.ts';
import { counted } from '../shared/figures.ts';

const namedMax = 3;

export function awayText(
  pipelines: readonly { readonly name: string; readonly why: Stale['why'] | undefined }[],
): string {
  const ended = pipelines.filter(({ why }) => why === 'ended');
  const away = pipelines.filter(({ why }) => why === 'pipeline' || why === 'silent');
  const said = (some: readonly { readonly name: string }[], one: string, many: string) =>
    some.length === 0 ? [] : [`${few(some.map(({ name }) => name))} ${some.length === 1 ? one : many}`];
  return [
    ...said(away, 'is not heard of', 'are not heard of'),
    ...said(ended, 'has ended', 'have ended'),
  ].join('. ');
}

/** `a, b, c and 47 others`. */
function few(names: readonly string[]): string {
  const more = names.length - namedMax;
  const all = more > 0 ? [...names.slice(0, namedMax), counted(more, 'other')] : names;
  return all.length === 1 ? all[0]! : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}
