/** What the template asks for, and how each need stands under the grant that is being written. */
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Narrowing, Target } from '../templates/Needs';
import type { Need } from '../templates/rights';

interface Props {
  needs: Need[];
  standing: (need: Need) => 'asked' | 'other' | 'nothing';
  give: (need: Need) => void;
  giveAll: () => void;
}

export function Asked({ needs, standing, give, giveAll }: Props) {
  const { t } = useTranslation();
  const isAll = needs.every((need) => standing(need) === 'asked');
  return (
    <section className="sg-panel">
      <div className="sg-section-head">
        <h2 className="sg-panel-title">{t('templates.needs')}</h2>
        {needs.length > 0 && (
          <Button size="xs" variant={isAll ? 'default' : 'light'} disabled={isAll} onClick={giveAll}>
            {t('grant.as_asked')}
          </Button>
        )}
      </div>
      {needs.length === 0 && <p className="sg-soft">{t('grant.asks_nothing')}</p>}
      <ul className="sg-needs">
        {needs.map((need) => {
          const stands = standing(need);
          return (
            <li key={JSON.stringify(need)} className="sg-asked">
              <div>
                <strong>{t(`capability.${need.capability}`, { defaultValue: need.capability })}</strong>{' '}
                {t(`access.${need.access}`, { defaultValue: need.access })} <Target target={need.target} />{' '}
                {need.optional && <span className="sg-tag">{t('needs.optional')}</span>}
                <span className="sg-below sg-break">{need.reason || t('needs.no_reason')}</span>
                <Narrowing extra={need.extra} />
              </div>
              <div className="sg-asked-state">
                <span
                  className={`sg-stands sg-tone-${{ asked: 'success', other: 'running', nothing: 'timeout' }[stands]}`}
                >
                  {t(`grant.standing.${stands}`)}
                </span>
                {stands !== 'asked' && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => give(need)}
                    aria-label={t('grant.give_named', {
                      capability: t(`capability.${need.capability}`, { defaultValue: need.capability }),
                      access: t(`access.${need.access}`, { defaultValue: need.access }),
                      target: need.target,
                    })}
                  >
                    {t('grant.give')}
                  </Button>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
