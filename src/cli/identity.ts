/** Who an edge is: its certificate says so before its store is opened under that name. */
import type { UploaderConfig } from '../../machines/uploader.ts';
import type { Plan } from '../contract/plan.ts';
import { tlsIsOn } from '../contract/tls-config.ts';

/**
 * The plan with the edge that its certificate names, if it has one. Rejects with `identity-mismatch` when the file names
 * another, with `keys-unreadable` when the keys are not there.
 */
export async function withIdentity(plan: Plan): Promise<Plan> {
  const uploader = plan.actors.find(({ kind }) => kind.name === 'uploader');
  if (!uploader) return plan;
  const { tls, token } = uploader.config as UploaderConfig;
  if (!tlsIsOn(tls)) return plan;
  const { edgeNameOf } = await import('../link/keys/edge-keys.ts');
  return { ...plan, edge: await edgeNameOf(tls, { edge: plan.edge, token }) };
}
