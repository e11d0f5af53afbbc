/** Charts and pipelines in the language of Mermaid, for documents whose readers draw it themselves. */
import type { Chart, ChartState, ChartTransition } from '../../contract/chart.ts';
import { escapeControls } from '../../domain/text.ts';
import type { GraphLink, GraphPipeline } from './pipeline-graph.ts';
import { labelText, tellingOf } from './telling.ts';

/** Whatever could mean something to Mermaid is written as an entity of its own kind. */
function plain(text: string): string {
  return escapeControls(text).replace(
    /[^\p{L}\p{N} _.,/()[\]→-]/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}

/** A flowchart from left to right, a box for each pipeline. */
export function pipelineMermaid(pipelines: readonly GraphPipeline[], links: readonly GraphLink[]): string {
  const ids = new Map<string, string>();
  const idOf = (pipeline: string, actor: string) => {
    const key = JSON.stringify([pipeline, actor]);
    const known = ids.get(key) ?? `a${ids.size}`;
    ids.set(key, known);
    return known;
  };
  const lines = ['flowchart LR'];
  pipelines.forEach(({ name, actors, wires }, index) => {
    lines.push(`  subgraph p${index}["${plain(name)}"]`, '    direction LR');
    for (const actor of actors)
      lines.push(`    ${idOf(name, actor.name)}["${plain(actor.name)}<br/>${plain(actor.kind)}"]`);
    for (const { from, to, type } of wires)
      lines.push(`    ${idOf(name, from)} -->|"${plain(type)}"| ${idOf(name, to)}`);
    lines.push('  end');
  });
  for (const { from, to } of links)
    lines.push(`  ${idOf(from.pipeline, from.actor)} -.->|link| ${idOf(to.pipeline, to.actor)}`);
  return `${lines.join('\n')}\n`;
}

/** A `stateDiagram-v2`. What holds in every state comes from a state of its own, since a state cannot lead into itself there. */
export function chartMermaid(chart: Chart): string {
  const ids = new Map(chart.states.map(({ id }, index) => [id, `s${index}`]));
  const states = new Map(chart.states.map((state) => [state.id, state]));
  const { lines: linesOf } = tellingOf(chart);
  const childrenOf = (parent: string) => chart.states.filter((state) => state.parent === parent);
  const out = ['stateDiagram-v2'];
  const anywhere = new Set<string>();
  const arrows = chart.transitions.flatMap((transition) =>
    transition.targets.map((target) => arrow(transition, target)),
  );

  function arrow(transition: ChartTransition, target: string): string {
    const { source } = transition;
    const leadsIn = source !== target && isWithin(target, source);
    if (leadsIn) anywhere.add(source);
    const from = leadsIn ? `${ids.get(source)}any` : ids.get(source);
    // To a state around it is to where that begins.
    const to = source !== target && isWithin(source, target) ? beginning(target, source) : target;
    return `  ${from} --> ${ids.get(to)} : ${plain(labelText(transition))}`;
  }
  function beginning(id: string, seenFrom: string): string {
    const state = states.get(id);
    if (state?.type === 'parallel') {
      const own = childrenOf(id).find((child) => isWithin(seenFrom, child.id));
      if (own) return beginning(own.id, seenFrom);
    }
    const initial = state?.initial ?? null;
    return initial === null ? id : beginning(initial, seenFrom);
  }
  function write(state: ChartState, indent: string): void {
    const id = ids.get(state.id)!;
    const inside = childrenOf(state.id);
    if (state.id !== '') {
      const name = `${indent}state "${plain(state.name)}" as ${id}`;
      out.push(inside.length > 0 ? `${name} {` : name);
    }
    const within = state.id === '' ? indent : `${indent}  `;
    if (state.initial !== null) out.push(`${within}[*] --> ${ids.get(state.initial)}`);
    if (anywhere.has(state.id)) {
      const where = state.id === '' ? 'in any state' : `anywhere in ${state.name}`;
      out.push(`${within}state "${plain(where)}" as ${id}any`);
    }
    inside.forEach((child, index) => {
      if (index > 0 && state.type === 'parallel') out.push(`${within}--`);
      write(child, within);
    });
    if (inside.length > 0 && state.id !== '') out.push(`${indent}}`);
    if (inside.length > 0) return;
    for (const line of linesOf.get(state.id) ?? []) {
      if (line.as === 'invoke') out.push(`${indent}${id} : runs ${plain(line.text)}`);
      if (line.as === 'stay' && !line.reenters)
        out.push(`${indent}${id} : ${plain(labelText(line.transition))}`);
    }
    if (state.type === 'final') out.push(`${indent}${id} --> [*]`);
  }
  write(chart.states[0]!, '  ');
  return `${[...out, ...arrows].join('\n')}\n`;
}

const isWithin = (id: string, outer: string) => outer === '' || id === outer || id.startsWith(`${outer}.`);
