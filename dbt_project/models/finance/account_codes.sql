-- One row per posting and validity: which ledger account a kind of amount goes to. Finance edits
-- this list, under review like a price: numbers of the French general chart (PCG). To move a
-- posting to another account, end its row with valid_to and add one that begins on that day;
-- entries dated before it keep the old account. A number that is overwritten re-codes the past.
with account_codes as (

    select
        posting,
        account_code,
        name,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to
    from (
        values
        -- balance sheet
        ('receivable', '411000', 'Clients', '0001-01-01', '9999-12-31'),
        ('customer_credit', '419100', 'Clients, avances et acomptes reçus', '0001-01-01', '9999-12-31'),
        ('tax_collected', '445710', 'TVA collectée', '0001-01-01', '9999-12-31'),
        ('payment_other', '471000', 'Compte d’attente', '0001-01-01', '9999-12-31'),
        ('deferred_revenue', '487000', 'Produits constatés d’avance', '0001-01-01', '9999-12-31'),
        ('payment_card', '511500', 'Stripe, paiements à encaisser', '0001-01-01', '9999-12-31'),
        ('payment_sepa_debit', '511500', 'Stripe, paiements à encaisser', '0001-01-01', '9999-12-31'),
        ('payment_transfer', '512000', 'Banque', '0001-01-01', '9999-12-31'),
        ('payment_cash', '530000', 'Caisse', '0001-01-01', '9999-12-31'),
        -- expense
        ('payment_write_off', '654000', 'Pertes sur créances irrécouvrables', '0001-01-01', '9999-12-31'),
        -- revenue, by charge kind
        ('revenue_recurring', '706100', 'Abonnements', '0001-01-01', '9999-12-31'),
        ('revenue_usage', '706200', 'Communications', '0001-01-01', '9999-12-31'),
        ('revenue_once', '706300', 'Frais et services ponctuels', '0001-01-01', '9999-12-31'),
        ('revenue_minimum_top_up', '706400', 'Minimum de facturation', '0001-01-01', '9999-12-31'),
        ('revenue_device', '707000', 'Ventes de marchandises', '0001-01-01', '9999-12-31'),
        ('revenue_instalment', '707100', 'Ventes échelonnées', '0001-01-01', '9999-12-31'),
        ('revenue_discount', '709600', 'Remises accordées', '0001-01-01', '9999-12-31'),
        ('revenue_cap_credit', '709610', 'Plafonnement des communications', '0001-01-01', '9999-12-31'),
        ('revenue_adjustment', '709620', 'Gestes commerciaux et régularisations', '0001-01-01', '9999-12-31'),
        ('revenue_late_fee', '763100', 'Pénalités de retard', '0001-01-01', '9999-12-31')
    ) as listed (posting, account_code, name, valid_from, valid_to)

)

select * from account_codes
