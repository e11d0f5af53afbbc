/** `fogrun check --deep`: what exploring the statecharts of kinds has found. */
import { cloudSession, cloudSessionEffects } from '../../machines/cloud-session.ts';
import { kinds } from '../../machines/index.ts';
import type { ActorKind } from '../contract/kind.ts';
import { counted, escapeControls } from '../domain/text.ts';
import { type DeepFinding, type DeepStep, deepCheck, deepCheckKind } from '../runtime/deep-check.ts';

/** Of those kinds, or all; the receiver's sessions are explored along with it. */
export function deepFindings(some: readonly ActorKind[] = [...kinds.values()]): DeepFinding[] {
  return some.flatMap((kind) =>
    kind.name === 'cloud-receiver'
      ? [deepCheckKind(kind), deepCheck('cloud-session', cloudSession, cloudSessionEffects)]
      : [deepCheckKind(kind)],
  );
}

export function exitCodeOf(findings: readonly DeepFinding[]): number {
  return findings.some(({ flaws }) => flaws.length > 0) ? 1 : 0;
}

export function deepText(findings: readonly DeepFinding[]): string {
  const lines = findings.flatMap(({ kind, states, steps, flaws }) => {
    const explored = `${counted(states, 'state')}, ${counted(steps, 'step')}`;
    if (flaws.length === 0) return [`${kind}: every way ends well (${explored})`];
    const told = flaws.flatMap(({ rule, path, message, advice }) => [
      `  ${message} (${rule})`,
      `    way: ${wayOf(path)}`,
      `    ${advice}`,
    ]);
    return [`${kind}: ${counted(flaws.length, 'flaw')} (${explored})`, ...told];
  });
  return `${lines.map(escapeControls).join('\n')}\n`;
}

/** `start → idle · BACKLOG → connecting`. */
function wayOf(path: readonly DeepStep[]): string {
  return path.length === 0 ? 'none' : path.map(({ event, to }) => `${event} → ${to}`).join(' · ');
}
