/** Who an edge is: its certificate says so before its store is opened under that name. */
import type { CloudReceiverConfig } from '../../machines/cloud-receiver.ts';
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

/** Rejects with `keys-unreadable` when a receiver of the plan could not start on its keys. */
export async function assertCloudKeys({ actors }: Plan): Promise<void> {
  for (const { kind, config } of actors) {
    if (kind.name !== 'cloud-receiver') continue;
    const { tls, tokens } = config as CloudReceiverConfig;
    if (!tlsIsOn(tls) && tokens === '') continue;
    const { readCloudKeys } = await import('../link/keys/cloud-keys.ts');
    await readCloudKeys({ tls, tokens });
  }
}
