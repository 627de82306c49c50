from django.db import migrations

# How many dead letters there are is for graphs; what is in them is for the staff.
FUNCTION = """
CREATE FUNCTION outbox_count_dead() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT count(*) FROM outbox_delivery WHERE state = 'dead'
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION outbox_count_dead()")]
