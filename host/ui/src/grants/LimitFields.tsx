/** Limits of a run: empty is as configured; what is typed in bytes is said in units. */
import { NumberInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { bytes, number } from '../parts/time';
import { LIMITS, type Limit, type Limits } from './limits';

/** A bound in its unit; undefined where the number says it all. */
export function measure(name: Limit, value: number): string | undefined {
  if (name.endsWith('_bytes')) return bytes(value);
  if (name.endsWith('_seconds')) return `${number(value)} s`;
  return undefined;
}

interface Props {
  limits: Limits;
  /** The most that the host allows. */
  most: Limits;
  problemAt: (pointer: string) => string | undefined;
  change: (limits: Limits) => void;
}

export function LimitFields({ limits, most, problemAt, change }: Props) {
  const { t } = useTranslation();
  const help = (name: Limit): string => {
    const value = limits[name];
    const own = value != null ? measure(name, value) : undefined;
    const host = most[name];
    const allowed =
      host == null ? t('grant.by_timeout') : t('grant.host_allows', { value: measure(name, host) ?? number(host) });
    return own ? `${own}. ${allowed}` : allowed;
  };
  return (
    <div className="sg-form-grid">
      {LIMITS.map((name) => (
        <NumberInput
          key={name}
          label={t(`grant.limit.${name}`)}
          description={help(name)}
          placeholder={t('grant.as_configured')}
          allowDecimal={false}
          allowNegative={false}
          hideControls
          thousandSeparator=" "
          value={limits[name] ?? ''}
          error={problemAt(`/limits/${name}`)}
          onChange={(value) => change({ ...limits, [name]: value === '' ? null : Number(value) })}
        />
      ))}
    </div>
  );
}
