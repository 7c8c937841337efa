/** What a template asks for, with its reasons; targets that come from parameters are filled in where they are known. */
import { useTranslation } from 'react-i18next';
import type { Template } from '../api/client';
import { isObject } from '../form/schema';

interface Need {
  capability: string;
  target: string;
  access: string;
  reason: string;
  optional: boolean;
}

export const needsOf = (template: Template) => template.needs as unknown as Need[];

/** `param:/collection` as the parameters have it; undefined where they say nothing. */
export function targetOf(need: Need, parameters: Record<string, unknown> | undefined): string | undefined {
  const pointer = /^param:(\/.*)$/.exec(need.target)?.[1];
  if (!pointer) return need.target;
  const found = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((place, key) => (isObject(place) ? place[key] : undefined), parameters);
  return found === undefined ? undefined : String(found);
}

export function Needs({ template, parameters }: { template: Template; parameters?: Record<string, unknown> }) {
  const { t } = useTranslation();
  const needs = needsOf(template);
  // With parameters only what this job asks for counts: an optional target that is not named is not asked for.
  const shown = parameters ? needs.filter((need) => targetOf(need, parameters) !== undefined) : needs;
  if (shown.length === 0) return <p className="sg-soft">{t('needs.none')}</p>;
  return (
    <ul className="sg-needs">
      {shown.map((need) => (
        <li key={`${need.capability} ${need.access} ${need.target}`}>
          <strong>{t(`capability.${need.capability}`, { defaultValue: need.capability })}</strong>{' '}
          {t(`access.${need.access}`, { defaultValue: need.access })}{' '}
          <code className="sg-json">
            {(parameters && targetOf(need, parameters)) ?? need.target.replace(/^param:\//, '$')}
          </code>
          {need.optional && !parameters && <span className="sg-tag">{t('needs.optional')}</span>}
          <span className="sg-below">{need.reason}</span>
        </li>
      ))}
    </ul>
  );
}
