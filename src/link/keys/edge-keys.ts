/** What an edge shows the cloud, and what it checks the cloud against. Read anew for each connection. */
import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import type { ClientTls } from '../../contract/tls-config.ts';
import { printable } from '../../domain/text.ts';
import { type CertificateFacts, factsOf, readCertificate } from './certificate.ts';
import { deviceNames, names, readIfThere, readNeeded } from './layout.ts';

export interface EdgeKeys {
  /** PEM. */
  readonly ca: string;
  /** `null` for an edge that shows a token instead. */
  readonly own: {
    readonly cert: string;
    readonly key: string;
    readonly facts: CertificateFacts;
    /** Where it stands. */
    readonly file: string;
  } | null;
  /** From the device's folder, if it has one. */
  readonly token: string | null;
}

/** Who an edge says it is. */
export interface EdgeClaim {
  /** Its name where that is known: which device of a whole keys directory this is. */
  readonly edge: string;
  /** Its token, or empty: with one, it needs no certificate. */
  readonly token: string;
}

/** Rejects with `keys-unreadable`. */
export async function readEdgeKeys(tls: ClientTls, claim: EdgeClaim): Promise<EdgeKeys> {
  if (tls.dir === '') {
    const ca = await readNeeded(tls.ca, 'Check the path in `tls.ca`.');
    readCertificate(ca, tls.ca);
    if (tls.cert === '') return { ca, own: null, token: null };
    return { ca, own: await readPair(tls.cert, tls.key), token: null };
  }
  const home = await homeOf(tls.dir, claim);
  const ca = await readNeeded(
    join(home, names.ca),
    `Copy the folder of this device (\`fogrun keys device NAME\` makes it), or at least \`ca.crt\`, to ${tls.dir}.`,
  );
  readCertificate(ca, join(home, names.ca));
  const token = (await readIfThere(join(home, names.token)))?.trim() || null;
  const cert = join(home, names.deviceCert);
  if ((await readIfThere(cert)) === null) return { ca, own: null, token };
  return { ca, own: await readPair(cert, join(home, names.deviceKey)), token };
}

/** The device's folder: the directory itself, or the right one below `devices` of a whole keys directory. */
async function homeOf(dir: string, { edge, token }: EdgeClaim): Promise<string> {
  const devices = await deviceNames(dir);
  const isWhole = devices.length > 0 || (await readIfThere(join(dir, names.caKey))) !== null;
  if (!isWhole || (await readIfThere(join(dir, names.deviceCert))) !== null) return dir;
  const home = (name: string) => join(dir, names.devices, name);
  if (edge !== '' && devices.includes(edge)) return home(edge);
  if (edge === '' && devices.length === 1) return home(devices[0]!);
  if (token !== '') return dir;
  const known = devices.length === 0 ? 'has none' : `has ${devices.slice(0, 10).join(', ')}`;
  if (edge === '') {
    const what = devices.length === 0 ? 'a device' : 'one device';
    throw new FogrunError('keys-unreadable', `${dir} is to have the certificate of ${what}, but ${known}`, {
      advice:
        devices.length === 0
          ? `Make one: \`fogrun keys device NAME --dir ${dir}\`.`
          : 'Say which one this is with `edge` (EDGE_ID), or name the folder of the device in FOGRUN_TLS.',
    });
  }
  throw new FogrunError('keys-unreadable', `${dir} has no certificate for the edge ${edge}: it ${known}`, {
    advice: `Make one with \`fogrun keys device ${edge} --dir ${dir}\`, or leave \`edge\` (EDGE_ID) empty.`,
  });
}

/** A certificate and its key, which must belong together. Rejects with `keys-unreadable`. */
export async function readPair(certFile: string, keyFile: string) {
  const advice = 'Certificate and key are made together by `fogrun keys`; copy both.';
  const [cert, key] = [await readNeeded(certFile, advice), await readNeeded(keyFile, advice)];
  const certificate = readCertificate(cert, certFile);
  assertPair(certificate, key, certFile, keyFile);
  return { cert, key, facts: factsOf(certificate), file: certFile };
}

function assertPair(certificate: X509Certificate, key: string, certFile: string, keyFile: string): void {
  let belongs: boolean;
  try {
    belongs = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Without the cause: nothing of a key may get into a message.
    throw new FogrunError('keys-unreadable', `${keyFile} is not a private key in PEM`);
  }
  if (!belongs) {
    throw new FogrunError('keys-unreadable', `${keyFile} is not the key of the certificate ${certFile}`, {
      advice: 'Copy both files of the device anew.',
    });
  }
}

/**
 * The name of the edge: the one of its certificate, else what the file says. Rejects with `identity-mismatch` when both say
 * something else, and with `keys-unreadable`.
 */
export async function edgeNameOf(tls: ClientTls, claim: EdgeClaim): Promise<string> {
  const { edge } = claim;
  const { own } = await readEdgeKeys(tls, claim);
  if (!own) return edge;
  const { name } = own.facts;
  if (name === null) {
    throw new FogrunError(
      'keys-unreadable',
      `the certificate ${own.file} has no name that an edge can have`,
      {
        advice: 'Its common name must be one: letters, digits, `.`, `_` or `-`, up to 64.',
      },
    );
  }
  if (edge !== '' && edge !== name) {
    const message = `the pipeline says \`edge: ${printable(edge, 64)}\`, but the certificate ${own.file} is that of ${name}`;
    throw new FogrunError('identity-mismatch', message);
  }
  return name;
}
