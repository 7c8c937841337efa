/** What a template may have, as a list to read. */
import { useTranslation } from 'react-i18next';
import { Narrowing, Target } from './Needs';
import type { Right } from './rights';

/** One right in one line. */
export function RightText({ right }: { right: Right }) {
  const { t } = useTranslation();
  return (
    <>
      <strong>{t(`capability.${right.capability}`, { defaultValue: right.capability })}</strong>{' '}
      {right.access.map((access) => t(`access.${access}`, { defaultValue: access })).join(', ')}{' '}
      <Target target={right.target} />
      <Narrowing extra={right.extra} />
    </>
  );
}

export function Rights({ rights }: { rights: Right[] }) {
  const { t } = useTranslation();
  if (rights.length === 0) return <p className="sg-soft">{t('templates.no_grant')}</p>;
  return (
    <ul className="sg-needs">
      {rights.map((right) => (
        <li key={JSON.stringify(right)}>
          <RightText right={right} />
        </li>
      ))}
    </ul>
  );
}
