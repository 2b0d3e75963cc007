"""A cut image is framed around its face now; the help says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0002_emotion_labels")]

    operations = [
        migrations.AlterField(
            model_name="evaluationset",
            name="skip",
            field=models.BooleanField(
                default=False, help_text="Each image is one face; none is left out.", verbose_name="cut to one face"
            ),
        ),
    ]
