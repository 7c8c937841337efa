/** Whether a job would run under today's grants, and the grant that would allow what would be denied. */
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import type { Forecast as Told } from '../api/client';
import './offer.css';
import { RightText } from './Rights';
import { asRight, type Right } from './rights';

export function Forecast({ type, forecast }: { type: string; forecast: Told }) {
  const { t } = useTranslation();
  const { would_run: runs, hindrance, denied, hooks } = forecast;
  if (runs && denied.length === 0 && hooks.length === 0) {
    return (
      <p className="sg-forecast sg-tone-success" data-forecast="runs">
        {t('forecast.runs')}
      </p>
    );
  }
  return (
    <div className="sg-forecast" data-forecast={runs ? 'partly' : 'stops'}>
      <p className={runs ? 'sg-tone-timeout' : 'sg-tone-failed'}>
        <strong>{runs ? t('forecast.partly') : t('forecast.stops')}</strong>
      </p>
      {hindrance && (
        <p className="sg-break">
          {hindrance}{' '}
          <Link to="/templates/$type" params={{ type }}>
            {t('forecast.template')}
          </Link>
        </p>
      )}
      <Denials type={type} denied={denied} />
      {hooks.map((hook) => (
        <div key={hook.pointer}>
          <p className="sg-break">
            {t('forecast.hook', { template: hook.template })} <code>{hook.pointer}</code>{' '}
            {hook.stops_the_run && t('forecast.hook_stops')}
          </p>
          {hook.hindrance && <p className="sg-break">{hook.hindrance}</p>}
          <Denials type={hook.template} denied={hook.denied} />
        </div>
      ))}
    </div>
  );
}

/** What would be denied, each with the right that would allow it. */
function Denials({ type, denied }: { type: string; denied: Told['denied'] }) {
  const { t } = useTranslation();
  return (
    <ul className="sg-needs">
      {denied.map((denial) => {
        const right = asRight(denial.grant_that_would_allow);
        return (
          <li key={`${denial.capability} ${denial.access} ${denial.target}`}>
            <strong>{t(`capability.${denial.capability}`)}</strong> {t(`access.${denial.access}`)}{' '}
            <code className="sg-json">{denial.target}</code>
            <span className="sg-below">{denial.reason}</span>
            <span className="sg-below">
              {denial.is_certain ? t('forecast.certain') : t('forecast.possible')}
              {denial.optional && ` ${t('forecast.optional')}`}
            </span>
            {right ? <Offer type={type} right={right} /> : <p className="sg-soft">{t('forecast.never')}</p>}
          </li>
        );
      })}
    </ul>
  );
}

/** A right that would help, and the way to give it. */
export function Offer({ type, right }: { type: string; right: Right }) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <div className="sg-offer">
      <div>
        <span className="sg-below">{t('forecast.would_allow')}</span>
        <RightText right={right} />
      </div>
      {may('grant') ? (
        <Button
          size="xs"
          variant="default"
          component={Link}
          to={`/templates/${type}/grant`}
          search={{ add: right } as never}
        >
          {t('forecast.to_grant')}
        </Button>
      ) : (
        <span className="sg-soft">{t('forecast.ask_admin')}</span>
      )}
    </div>
  );
}
