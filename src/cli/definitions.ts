/** Statecharts of the kinds that this program knows, as Stately wants them. */
import type { AnyStateMachine } from 'xstate';
import { cloudSession } from '../../machines/cloud-session.ts';
import { kinds } from '../../machines/index.ts';
import { type DefinitionOf, definitionText } from '../inspect/stately.ts';
import { idleStatechart } from '../runtime/idle-statechart.ts';

/** Made when first asked for. */
export function createDefinitions(): DefinitionOf {
  const known = new Map<string, string | null>();
  return (kind) => {
    let text = known.get(kind);
    if (text === undefined) {
      const built = kinds.get(kind);
      const machine: AnyStateMachine | undefined =
        kind === 'cloud-session' ? cloudSession : built && idleStatechart(built);
      text = machine ? definitionText(machine.config) : null;
      known.set(kind, text);
    }
    return text;
  };
}
