/** What a certificate says of its holder and its time. */
import { X509Certificate } from 'node:crypto';
import { FogrunError } from '../../contract/errors.ts';
import { namePattern } from '../../domain/segment.ts';

export interface CertificateFacts {
  /** Whose it is: the common name, if it can be the name of an edge. */
  readonly name: string | null;
  /** Upper-case hexadecimal. */
  readonly serial: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Hosts it is for: names and addresses. */
  readonly hosts: readonly string[];
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    name: nameOf(certificate),
    serial: certificate.serialNumber.toUpperCase(),
    fromMs: Date.parse(certificate.validFrom),
    toMs: Date.parse(certificate.validTo),
    hosts: [...(certificate.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,"\s]+)/g)].map(
      ([, host]) => hostAsWritten(host!),
    ),
  };
}

/** One way to write each: an IPv6 address has many. */
export function hostAsWritten(host: string): string {
  if (!host.includes(':')) return host;
  return URL.canParse(`http://[${host}]`) ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host;
}

/** The first certificate of a PEM file. Throws `keys-unreadable`. */
export function readCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new FogrunError('keys-unreadable', `${file} is not a certificate in PEM`, { cause });
  }
}

/**
 * A subject with several common names has none: which one counts must not be a matter of taste. Read from the text, in which
 * each part has a line and line ends in it are escaped: `toLegacyObject` of Node.js 24 breaks `node:tls` when it comes first.
 */
function nameOf(certificate: X509Certificate): string | null {
  const [name, ...more] = (certificate.subject ?? '').split('\n').filter((line) => line.startsWith('CN='));
  if (name === undefined || more.length > 0) return null;
  const value = name.slice('CN='.length);
  return namePattern.test(value) ? value : null;
}

const dayMs = 86_400_000;
const timeText = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/**
 * Why a certificate is not valid at that time, or `null`.
 * @param whose such as `the certificate of attic`
 */
export function timeFault(
  facts: Pick<CertificateFacts, 'fromMs' | 'toMs'>,
  whose: string,
  nowMs: number,
  whoseClock = 'the clock of this machine',
): FogrunError | null {
  const clock = `${whoseClock} says ${timeText(nowMs)}`;
  if (nowMs < facts.fromMs) {
    return new FogrunError(
      'certificate-time',
      `${whose} is valid from ${timeText(facts.fromMs)}, and ${clock}`,
      {
        advice: 'Set the clock that is wrong; it is tried again by itself.',
      },
    );
  }
  if (nowMs <= facts.toMs) return null;
  return new FogrunError('certificate-time', `${whose} expired on ${timeText(facts.toMs)}; ${clock}`, {
    advice: 'Renew it with `fogrun keys renew NAME`, unless the clock is wrong.',
  });
}

/** Days that are left of it, rounded down. */
export function daysLeft({ toMs }: Pick<CertificateFacts, 'toMs'>, nowMs: number): number {
  return Math.floor((toMs - nowMs) / dayMs);
}

/** A certificate that ends so soon is worth a warning. */
export const warnDays = 30;
