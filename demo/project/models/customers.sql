/*
source: warehouse
primary_key: id
pii: [email, last_name]
*/
select c.id, c.email, c.first_name, c.last_name, c.company, c.country, c.signed_up,
       coalesce(sum(o.amount), 0) as lifetime_value,
       count(o.id) as orders,
       max(o.ordered_on) as last_order
from customers c left join orders o on o.customer_id = c.id
group by all
