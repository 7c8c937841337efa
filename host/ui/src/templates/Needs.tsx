/** What a template asks for, with its reasons; targets that come from parameters are filled in where they are known. */
import { useTranslation } from 'react-i18next';
import type { Template } from '../api/client';
import { isObject } from '../form/schema';
import { type Extra, type Need, parameterOf } from './rights';

export const needsOf = (template: { needs: Template['needs'] }) => template.needs as unknown as Need[];

/** `param:/collection` as the parameters have it; undefined where they say nothing. */
export function targetOf(need: Need, parameters: Record<string, unknown> | undefined): string | undefined {
  const pointer = parameterOf(need.target);
  if (!pointer) return need.target;
  const found = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((place, key) => (isObject(place) ? place[key] : undefined), parameters);
  return found === undefined ? undefined : String(found);
}

/** A target for people: a parameter by its name. */
export function Target({ target }: { target: string }) {
  const { t } = useTranslation();
  const pointer = parameterOf(target);
  if (pointer === undefined) return <code className="sg-json">{target}</code>;
  return (
    <span className="sg-soft">
      {t('needs.parameter')} <code className="sg-json">{pointer.slice(1)}</code>
    </span>
  );
}

/** What narrows a right or a need further, in words. */
export function Narrowing({ extra }: { extra: Extra | null | undefined }) {
  const { t } = useTranslation();
  const parts = Object.entries(extra ?? {})
    .filter(([key]) => key !== 'on_failure')
    .map(([key, value]) => {
      const told = Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value);
      return t(`narrowing.${key}`, { value: told, defaultValue: `${key}: ${told}` });
    });
  return parts.length > 0 ? <span className="sg-below sg-break">{parts.join(' · ')}</span> : null;
}

export function Needs({
  template,
  parameters,
}: {
  template: { needs: Template['needs'] };
  parameters?: Record<string, unknown>;
}) {
  const { t } = useTranslation();
  const needs = needsOf(template);
  // With parameters only what this job asks for counts: an optional target that is not named is not asked for.
  const shown = parameters ? needs.filter((need) => targetOf(need, parameters) !== undefined) : needs;
  if (shown.length === 0) return <p className="sg-soft">{t('needs.none')}</p>;
  return (
    <ul className="sg-needs">
      {shown.map((need) => (
        <li key={JSON.stringify(need)}>
          <strong>{t(`capability.${need.capability}`, { defaultValue: need.capability })}</strong>{' '}
          {t(`access.${need.access}`, { defaultValue: need.access })}{' '}
          <Target target={(parameters && targetOf(need, parameters)) ?? need.target} />
          {need.optional && !parameters && <span className="sg-tag">{t('needs.optional')}</span>}
          <span className="sg-below sg-break">{need.reason || t('needs.no_reason')}</span>
          <Narrowing extra={need.extra} />
        </li>
      ))}
    </ul>
  );
}
