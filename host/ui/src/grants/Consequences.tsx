/** What a grant would come to: how it differs from the one in force, and the jobs that could not do their work. */
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { GrantCheck } from '../api/client';
import '../templates/offer.css';
import { Narrowing, Target } from '../templates/Needs';
import { asRight, type Line, type Right } from '../templates/rights';

interface Props {
  changes: { added: Line[]; removed: Line[] };
  isChanged: boolean;
  check: GrantCheck | undefined;
  isPending: boolean;
  faults: number;
  give: (right: Right) => void;
}

export function Consequences({ changes, isChanged, check, isPending, faults, give }: Props) {
  const { t } = useTranslation();
  return (
    <section className="sg-panel" aria-busy={isPending}>
      <h2 className="sg-panel-title">{t('grant.comes_to')}</h2>
      <h3 className="sg-small-title">{t('grant.changes')}</h3>
      {!isChanged && <p className="sg-soft">{t('grant.unchanged')}</p>}
      {isChanged && changes.added.length + changes.removed.length === 0 && (
        <p className="sg-soft">{t('grant.only_limits')}</p>
      )}
      <ul className="sg-differences">
        {changes.removed.map((line) => (
          <Change key={JSON.stringify(line)} kind="removed" line={line} />
        ))}
        {changes.added.map((line) => (
          <Change key={JSON.stringify(line)} kind="added" line={line} />
        ))}
      </ul>
      <h3 className="sg-small-title">{t('places.jobs')}</h3>
      <div role="status">
        {faults > 0 && <p className="sg-tone-failed">{t('grant.faulty', { count: faults })}</p>}
        {faults === 0 && !check && isPending && <p className="sg-soft">{t('grant.checking')}</p>}
        {check && <Jobs check={check} />}
      </div>
      {check && check.affected_jobs.length > 0 && <Affected check={check} give={give} />}
    </section>
  );
}

function Change({ kind, line }: { kind: 'added' | 'removed'; line: Line }) {
  const { t } = useTranslation();
  return (
    <li data-kind={kind}>
      <span className="sg-sign" aria-hidden="true">
        {kind === 'added' ? '+' : '−'}
      </span>
      <span className="sg-break">
        <span className="sg-hidden">{t(`waiting.kinds.${kind}`)}</span>{' '}
        <strong>{t(`capability.${line.capability}`, { defaultValue: line.capability })}</strong>{' '}
        {t(`access.${line.access}`, { defaultValue: line.access })} <Target target={line.target} />
        <Narrowing extra={line.extra} />
      </span>
    </li>
  );
}

function Jobs({ check }: { check: GrantCheck }) {
  const { t } = useTranslation();
  if (check.jobs === 0) return <p className="sg-soft">{t('grant.no_jobs')}</p>;
  return (
    <p className={check.affected > 0 ? 'sg-tone-failed' : 'sg-tone-success'}>
      {check.affected === 0
        ? t('grant.all_work', { count: check.jobs })
        : t('grant.some_stop', { count: check.jobs, affected: check.affected })}
      {!check.is_complete && ` ${t('grant.not_all')}`}
    </p>
  );
}

/** Jobs that could not do their work, each with what it would be denied and the right that would allow it. */
function Affected({ check, give }: { check: GrantCheck; give: (right: Right) => void }) {
  const { t } = useTranslation();
  return (
    <ul className="sg-needs">
      {check.affected_jobs.map((job) => (
        <li key={job.id}>
          <Link to="/jobs/$id" params={{ id: job.id }} className="sg-break">
            {job.name}
          </Link>{' '}
          {job.is_new && <span className="sg-tag sg-tag-more">{t('grant.runs_today')}</span>}
          {job.denied.map((denial) => {
            const right = asRight(denial.grant_that_would_allow);
            return (
              <div key={`${denial.capability} ${denial.access} ${denial.target}`} className="sg-denial">
                <span className="sg-break">
                  {t('grant.denied')} {t(`capability.${denial.capability}`)} {t(`access.${denial.access}`)}{' '}
                  <code className="sg-json">{denial.target}</code>
                </span>
                {right && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => give(right)}
                    aria-label={t('grant.give_named', {
                      capability: t(`capability.${right.capability}`),
                      access: right.access.map((one) => t(`access.${one}`)).join(', '),
                      target: right.target,
                    })}
                  >
                    {t('grant.give')}
                  </Button>
                )}
              </div>
            );
          })}
        </li>
      ))}
    </ul>
  );
}
